import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { IconButton } from './Button.tsx';
import styles from './Copy.module.css';
import { toastError } from './Toast.tsx';

async function copyText(text: string): Promise<void> {
  // Over plain http the clipboard is there on localhost only; the selection is everywhere.
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('readonly', '');
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('The browser does not allow it here. Select the text and copy it by hand.');
}

/** Copies `text`; `what` names it ("trace id"). */
export function CopyButton({ text, what, small = true }: { text: string; what: string; small?: boolean }) {
  const [isDone, setIsDone] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = () =>
    copyText(text).then(
      () => {
        setIsDone(true);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setIsDone(false), 1500);
      },
      (error: unknown) => toastError(`The ${what} was not copied`, error),
    );
  return (
    <>
      <IconButton
        small={small}
        label={isDone ? 'Copied' : `Copy ${what}`}
        icon={isDone ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        onClick={() => void copy()}
      />
      <span className="visually-hidden" role="status">
        {isDone ? `Copied ${what}` : ''}
      </span>
    </>
  );
}

/** An id or address that people take elsewhere: shown in full or cut off, copied in full. */
export function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <span className={styles['copyable']}>
      <span className={`mono truncate`} title={text}>
        {text}
      </span>
      <CopyButton text={text} what={what} />
    </span>
  );
}

/** Text to paste elsewhere. */
export function CodeBlock({ code, what = 'code', label }: { code: string; what?: string; label?: string }) {
  return (
    <div className={styles['block']}>
      {/* It scrolls, so the keyboard has to be able to reach it. */}
      <pre tabIndex={0} aria-label={label ?? what} role="region">
        <code>{code}</code>
      </pre>
      <div className={styles['blockCopy']}>
        <CopyButton text={code} what={what} />
      </div>
    </div>
  );
}
