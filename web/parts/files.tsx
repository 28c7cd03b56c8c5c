import { useId, useState } from 'preact/hooks';
import { useWords } from '../shell/language.js';
import { FILE_WORDS } from './file-words.js';

/** A file as it goes into the node. */
export interface FileGiven {
  readonly name: string;
  /** Its bytes in base64. */
  readonly content: string;
}

/** What the node takes (node/api/rows/chat.ts). */
const MOST = 4;
/** Together. */
const MAX_BYTES = 1024 * 1024;
const MAX_NAME = 200;

/** Files to send with a message: a photograph of what came, a bill. */
export function Files({ onFiles }: { onFiles: (files: readonly FileGiven[]) => void }) {
  const t = useWords(FILE_WORDS);
  const id = useId();
  const [problem, setProblem] = useState<string>();
  const choose = async (input: HTMLInputElement): Promise<void> => {
    const chosen = [...(input.files ?? [])];
    const size = chosen.reduce((sum, file) => sum + file.size, 0);
    if (chosen.length > MOST || size > MAX_BYTES) {
      setProblem(t.tooMuch(MOST));
      input.value = '';
      onFiles([]);
      return;
    }
    setProblem(undefined);
    onFiles(await Promise.all(chosen.map(givenOf)));
  };
  return (
    <div>
      <label for={id}>
        <span>{t.label}</span>
      </label>
      <input
        id={id}
        type="file"
        name="files"
        multiple
        aria-describedby={`${id}-hint`}
        onChange={(event) => void choose(event.currentTarget)}
      />
      <p class="soft" id={`${id}-hint`}>
        {t.hint(MOST)}
      </p>
      {problem === undefined ? null : (
        <p class="note bad" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

async function givenOf(file: File): Promise<FileGiven> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { name: file.name.slice(-MAX_NAME), content: btoa(text) };
}
