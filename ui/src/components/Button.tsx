import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { Link } from 'wouter';
import styles from './Button.module.css';
import { cx } from './cx.ts';
import { tooltip } from './Tooltip.tsx';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Look {
  kind?: ButtonKind;
  small?: boolean;
}

function classOf({ kind = 'secondary', small = false }: Look, extra?: string): string {
  return cx(styles['button'], styles[kind], small && styles['small'], extra);
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Look {
  icon?: ReactNode;
  /** Something is under way: the button keeps its size and takes no clicks. */
  isBusy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind, small, icon, isBusy = false, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classOf({ kind, small }, className)}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
    >
      {icon}
      {children}
      {isBusy && <span className={styles['spinner']} aria-hidden="true" />}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ href, kind, small, icon, children }: Look & { href: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Link href={href} className={classOf({ kind, small })}>
      {icon}
      {children}
    </Link>
  );
}

/** A button that is an icon; its name is shown as a tooltip and said by screen readers. */
export function IconButton({
  label,
  icon,
  kind = 'quiet',
  small,
  className,
  ...rest
}: Omit<ButtonProps, 'children' | 'isBusy'> & { label: string; icon: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      {...tooltip(label)}
      {...rest}
      className={classOf({ kind, small }, cx(styles['icon'], className))}
    >
      {icon}
    </button>
  );
}
