import { AlertDialog as BaseAlert } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './Button.tsx';
import { cx } from './cx.ts';
import styles from './Dialog.module.css';

/** A dialog with a title; Escape, a click beside it and its cross close it. */
export function Dialog({
  isOpen,
  onClose,
  title,
  description,
  footer,
  wide = false,
  children,
}: {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles['backdrop']} />
        <Base.Popup className={cx(styles['popup'], wide && styles['wide'])}>
          <header className={styles['header']}>
            <div>
              <Base.Title className={styles['title']}>{title}</Base.Title>
              {description && <Base.Description className={styles['description']}>{description}</Base.Description>}
            </div>
            <Base.Close className={styles['close']} aria-label="Close">
              <X aria-hidden="true" />
            </Base.Close>
          </header>
          <div className={styles['body']}>{children}</div>
          {footer && <footer className={styles['footer']}>{footer}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({
  isOpen,
  onClose,
  onConfirm,
  title,
  confirm,
  isBusy = false,
  problem,
  children,
}: {
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  /** What the button says: the verb of what happens ("Delete agent"). */
  confirm: string;
  isBusy?: boolean;
  problem?: string | null;
  children: ReactNode;
}) {
  return (
    <BaseAlert.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <BaseAlert.Portal>
        <BaseAlert.Backdrop className={styles['backdrop']} />
        <BaseAlert.Popup className={cx(styles['popup'], styles['narrow'])}>
          <header className={styles['header']}>
            <BaseAlert.Title className={styles['title']}>{title}</BaseAlert.Title>
          </header>
          <BaseAlert.Description className={styles['body']} render={<div />}>
            {children}
          </BaseAlert.Description>
          {problem && (
            <p role="alert" className={styles['problem']}>
              {problem}
            </p>
          )}
          <footer className={styles['footer']}>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="danger" onClick={onConfirm} isBusy={isBusy}>
              {confirm}
            </Button>
          </footer>
        </BaseAlert.Popup>
      </BaseAlert.Portal>
    </BaseAlert.Root>
  );
}
