import { Search, X } from 'lucide-react';
import { useId, type ComponentProps, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './Field.module.css';

/** A labelled field with its hint and its problem; `children` gets the ids that tie them together. */
export function Field({
  label,
  hint,
  problem,
  optional = false,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  /** What is wrong with the value, in a sentence; nothing where it is fine. */
  problem?: string | null;
  optional?: boolean;
  children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean | undefined }) => ReactNode;
}) {
  const id = useId();
  const hasProblem = problem !== undefined && problem !== null && problem !== '';
  const described = [hint ? `${id}-hint` : '', hasProblem ? `${id}-problem` : ''].filter(Boolean).join(' ');
  return (
    <div className={styles['field']}>
      <label htmlFor={id} className={styles['label']}>
        {label}
        {optional && <span className={styles['optional']}> optional</span>}
      </label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': hasProblem || undefined })}
      {hint && (
        <p id={`${id}-hint`} className={styles['hint']}>
          {hint}
        </p>
      )}
      {hasProblem && (
        <p id={`${id}-problem`} className={styles['problem']} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

export function Input({ className, small, ...rest }: ComponentProps<'input'> & { small?: boolean }) {
  return <input type="text" {...rest} className={cx(styles['control'], styles['input'], small && styles['small'], className)} />;
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea rows={3} {...rest} className={cx(styles['control'], styles['input'], styles['area'], className)} />;
}

/** A field that filters what is below it. */
export function SearchInput({
  value,
  onChange,
  label,
  placeholder = label,
}: {
  value: string;
  onChange: (value: string) => void;
  label: string;
  placeholder?: string;
}) {
  return (
    <div className={styles['searchBox']}>
      <Search aria-hidden="true" />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={cx(styles['control'], styles['input'])}
      />
      {value !== '' && (
        <button type="button" aria-label="Clear" onClick={() => onChange('')}>
          <X aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

interface ToggleProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: ReactNode;
  hint?: ReactNode;
  disabled?: boolean;
}

/** Something that is chosen, or not; it counts when its form is saved. */
export function Checkbox(props: ToggleProps) {
  return <Toggle {...props} className={styles['checkbox']} />;
}

/** Something that is on or off at once. */
export function Switch(props: ToggleProps) {
  return <Toggle {...props} className={styles['switch']} role="switch" />;
}

function Toggle({ checked, onChange, label, hint, disabled, ...look }: ToggleProps & { className?: string; role?: 'switch' }) {
  const id = useId();
  return (
    <div className={styles['toggle']}>
      <input
        type="checkbox"
        id={id}
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.checked)}
        {...look}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className={styles['hint']}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
