const KiB = 1024;
/** The longer side, pixels: sharp on a desktop's screen, and more than a phone's has. */
const MAX_SIDE = 1_600;
/** Some seconds over a slow line; a keeper has room for it a thousand times. */
const MAX_BYTES = 400 * KiB;
/** The eye hardly sees the first; each next one is tried while the picture is too large. */
const QUALITIES = [0.82, 0.7, 0.55] as const;
/** Then it is drawn smaller, so many times at most. */
const SMALLER = 0.75;
const TIMES = 6;

/**
 * A picture as it is published: drawn anew, turned as it was seen, so that of the file nothing is left but what is seen. WebP, or JPEG
 * where the browser writes no WebP.
 * @throws Error where the browser cannot read it as a picture
 */
export async function shrink(file: Blob): Promise<Blob> {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    let scale = Math.min(1, MAX_SIDE / Math.max(width, height, 1));
    for (let time = 0; time < TIMES; time++, scale *= SMALLER) {
      const canvas = drawn(image, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
      for (const quality of QUALITIES) {
        const blob = await encoded(canvas, quality);
        if (blob.size <= MAX_BYTES) return blob;
      }
    }
    throw new Error('the picture does not get small enough');
  } finally {
    URL.revokeObjectURL(address);
  }
}

function drawn(image: HTMLImageElement, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  // JPEG knows no transparency, and would make it black.
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0, width, height);
  return canvas;
}

async function encoded(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  const as = (type: string): Promise<Blob | null> =>
    new Promise((resolve) => canvas.toBlob((blob) => resolve(blob), type, quality));
  const webp = await as('image/webp');
  // A browser that writes no WebP gives PNG without a word.
  const blob = webp?.type === 'image/webp' ? webp : await as('image/jpeg');
  if (blob === null) throw new Error('the canvas gave nothing');
  return blob;
}

/** As the API takes bytes. */
export function base64Of(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      if (typeof reader.result === 'string') resolve(reader.result.replace(/^[^,]*,/, ''));
      else reject(new Error('unreadable'));
    };
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(blob);
  });
}
