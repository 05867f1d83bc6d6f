import { Toast as Base } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, X } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Toast.module.css';

const manager = Base.createToastManager();

/** Says for a few seconds that something was done. */
export function toast(title: string, description?: string): void {
  manager.add({ title, description, type: 'good' });
}

/** Says that something failed; stays until it is closed. */
export function toastError(title: string, error: unknown): void {
  manager.add({
    title,
    description: error instanceof Error ? error.message : String(error),
    type: 'bad',
    timeout: 0,
    priority: 'high',
  });
}

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Base.Provider toastManager={manager} timeout={4000}>
      {children}
      <Base.Portal>
        <Base.Viewport className={styles['viewport']}>
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Toasts() {
  const { toasts } = Base.useToastManager();
  return toasts.map((item) => (
    <Base.Root key={item.id} toast={item} className={styles['toast']} swipeDirection={['right', 'down']}>
      <Base.Content className={styles['content']}>
        <span className={styles['icon']} data-type={item.type}>
          {item.type === 'bad' ? <CircleAlert aria-hidden="true" /> : <CircleCheck aria-hidden="true" />}
        </span>
        <div>
          <Base.Title className={styles['title']} />
          <Base.Description className={styles['description']} />
        </div>
        <Base.Close className={styles['close']} aria-label="Close">
          <X aria-hidden="true" />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
