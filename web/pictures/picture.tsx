import { useEffect, useState } from 'preact/hooks';
import { media } from '../api/client.js';
import { useWords } from '../shell/language.js';
import { PICTURE_WORDS } from './words.js';

/** A picture that is on the node. @param alt what it is, for those who do not see it; empty where that stands beside it */
export function Picture({ picture, alt }: { picture: string; alt: string }) {
  const t = useWords(PICTURE_WORDS);
  const [address, setAddress] = useState<string>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const ended = new AbortController();
    let made: string | undefined;
    setFailed(false);
    media(picture, ended.signal).then(
      (blob) => {
        // The node says what it is; only what it calls a picture is handed to the browser as one.
        if (ended.signal.aborted || !blob.type.startsWith('image/')) return setFailed(true);
        made = URL.createObjectURL(blob);
        setAddress(made);
      },
      () => {
        if (!ended.signal.aborted) setFailed(true);
      },
    );
    return () => {
      ended.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
      setAddress(undefined);
    };
  }, [picture]);
  if (failed) return <span class="picture soft">{t.failed}</span>;
  if (address === undefined) return <span class="picture" />;
  return <img class="picture" src={address} alt={alt} onError={() => setFailed(true)} />;
}
