import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import styles from './Toast.module.css';

interface Item {
  id: number;
  title: string;
  description?: string;
  isBad: boolean;
}

const kShownMs = 4000;
const kAtOnce = 4;
let items: Item[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: Item[]): void {
  items = next;
  for (const notify of listeners) notify();
}

function close(id: number): void {
  set(items.filter((item) => item.id !== id));
}

function add(item: Omit<Item, 'id'>): number {
  lastId += 1;
  set([...items, { ...item, id: lastId }].slice(-kAtOnce));
  return lastId;
}

/** Says for a few seconds that something was done. */
export function toast(title: string, description?: string): void {
  const id = add({ title, description, isBad: false });
  window.setTimeout(() => close(id), kShownMs);
}

/** Says that something failed; stays until it is closed. */
export function toastError(title: string, error: unknown): void {
  add({ title, description: error instanceof Error ? error.message : String(error), isBad: true });
}

/** Where they are shown; once in the page, and always there, so that screen readers hear of what comes. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (notify) => {
      listeners.add(notify);
      return () => listeners.delete(notify);
    },
    () => items,
  );
  return (
    <div className={styles['viewport']} role="log" aria-label="Notifications">
      {shown.map((item) => (
        <div key={item.id} className={styles['toast']} data-bad={item.isBad || undefined}>
          {item.isBad ? <CircleAlert aria-hidden="true" /> : <CircleCheck aria-hidden="true" />}
          <div className={styles['text']}>
            <p className={styles['title']}>{item.title}</p>
            {item.description && <p className={styles['description']}>{item.description}</p>}
          </div>
          <button type="button" className={styles['close']} aria-label="Close" onClick={() => close(item.id)}>
            <X aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
