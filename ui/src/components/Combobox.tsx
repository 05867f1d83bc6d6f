// Text fields with a list below them, by the ARIA pattern of a combobox: the focus stays in the field, the arrow keys go
// through the list, Enter takes, Escape closes.

import { Check, ChevronsUpDown } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import styles from './Combobox.module.css';
import { cx } from './cx.ts';
import field from './Field.module.css';
import type { Option } from './Select.tsx';

const kShown = 100;

interface FieldProps {
  /** Its name for screen readers, where no visible label names it. */
  label?: string;
  placeholder?: string;
  id?: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: boolean | undefined;
}

/** A field for any text, with what is known already offered below it. */
export function Suggest({
  value,
  onChange,
  onBlur,
  suggestions,
  ...rest
}: FieldProps & {
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  suggestions: string[];
}) {
  // Of a text that is one of them the others are offered instead of it.
  const typed = suggestions.includes(value) ? '' : value.toLowerCase();
  const options = suggestions
    .filter((item) => item !== '' && item !== value && item.toLowerCase().includes(typed))
    .slice(0, kShown)
    .map((item) => ({ value: item, label: item }));
  return <ListField {...rest} text={value} onText={onChange} options={options} onPick={onChange} onClose={onBlur} />;
}

/** One of so many options that one has to search among them; `prefix` stands before it and takes `prefixWidth`. */
export function SearchSelect({
  value,
  onChange,
  options,
  none = 'None fits.',
  ...rest
}: FieldProps & {
  value: string;
  onChange: (value: string) => void;
  options: Option[];
  /** What stands below the field when no option fits. */
  none?: string;
  prefix?: ReactNode;
  prefixWidth?: string;
  className?: string;
}) {
  // Null while nobody searches: then the field says what is chosen.
  const [search, setSearch] = useState<string | null>(null);
  const chosen = options.find((option) => option.value === value)?.label ?? '';
  const typed = (search ?? '').toLowerCase();
  const fitting = options.filter(({ label }) => label.toLowerCase().includes(typed));
  return (
    <ListField
      {...rest}
      placeholder={search === null ? rest.placeholder : chosen}
      text={search ?? chosen}
      onText={setSearch}
      options={fitting.slice(0, kShown)}
      chosen={value}
      onPick={(picked) => {
        setSearch(null);
        onChange(picked);
      }}
      onOpen={() => setSearch('')}
      onClose={() => setSearch(null)}
      note={
        fitting.length === 0
          ? none
          : fitting.length > kShown
            ? `The first ${kShown} of ${fitting.length}. Type to search.`
            : undefined
      }
      isSelect
    />
  );
}

function ListField({
  text,
  onText,
  options,
  chosen,
  onPick,
  onOpen,
  onClose,
  note,
  prefix,
  prefixWidth = '3rem',
  isSelect = false,
  label,
  id,
  className,
  ...input
}: FieldProps & {
  text: string;
  onText: (text: string) => void;
  options: Option[];
  chosen?: string;
  onPick: (value: string) => void;
  onOpen?: () => void;
  onClose?: (() => void) | undefined;
  /** A line below the options. */
  note?: string | undefined;
  prefix?: ReactNode;
  prefixWidth?: string;
  isSelect?: boolean;
  className?: string;
}) {
  const ownId = useId();
  const listId = `${ownId}-list`;
  const [isOpen, setIsOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useRef<HTMLUListElement>(null);
  const isShown = isOpen && (options.length > 0 || note !== undefined);
  const at = Math.min(active, options.length - 1);

  useEffect(() => {
    if (isShown) list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [isShown, at]);

  const open = () => {
    if (isOpen) return;
    setIsOpen(true);
    setActive(isSelect ? options.findIndex(({ value }) => value === chosen) : -1);
    onOpen?.();
  };
  const close = () => {
    setIsOpen(false);
    setActive(-1);
    onClose?.();
  };
  const pick = (option: Option) => {
    setIsOpen(false);
    setActive(-1);
    onPick(option.value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const option = options[at];
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault();
        if (!isShown) return open();
        if (options.length === 0) return;
        const step = event.key === 'ArrowDown' ? 1 : -1;
        // Above the first there is the field itself, then the last.
        return setActive(at + step < -1 ? options.length - 1 : at + step >= options.length ? -1 : at + step);
      }
      case 'Enter':
        if (!isShown) return;
        if (option !== undefined) {
          event.preventDefault(); // it takes the option, and does not send the form
          pick(option);
        } else if (isSelect) {
          event.preventDefault();
        }
        return;
      case 'Escape':
        if (!isShown) return;
        event.stopPropagation();
        return close();
    }
  };
  return (
    <span className={cx(styles['box'], className)}>
      {prefix !== undefined && (
        <span className={styles['prefix']} aria-hidden="true">
          {prefix}
        </span>
      )}
      <input
        type="text"
        {...input}
        id={id}
        role="combobox"
        aria-label={label}
        aria-expanded={isShown}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isShown && at >= 0 ? `${listId}-${at}` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setIsOpen(true);
          setActive(isSelect ? 0 : -1);
          onText(event.target.value);
        }}
        onClick={open}
        onKeyDown={onKeyDown}
        onBlur={close}
        className={cx(field['control'], field['input'], isSelect && styles['select'])}
        style={prefix === undefined ? undefined : { paddingInlineStart: `calc(0.875rem + ${prefixWidth})` }}
      />
      {isSelect && <ChevronsUpDown className={styles['chevron']} aria-hidden="true" />}
      <span className={styles['popup']} hidden={!isShown}>
        <ul ref={list} id={listId} role="listbox" aria-label={isSelect ? 'Options' : 'Suggestions'}>
          {isShown &&
            options.map((option, index) => (
              <li
                key={option.value}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={isSelect ? option.value === chosen : index === at}
                data-highlighted={index === at || undefined}
                className={styles['option']}
                // The field keeps the focus.
                onPointerDown={(event) => event.preventDefault()}
                onMouseDown={(event) => event.preventDefault()}
                onPointerMove={() => index !== at && setActive(index)}
                onClick={() => pick(option)}
              >
                {isSelect && <span className={styles['mark']}>{option.value === chosen && <Check aria-hidden="true" />}</span>}
                <bdi className="truncate">{option.label}</bdi>
              </li>
            ))}
        </ul>
        {note !== undefined && (
          <span className={styles['note']} role="status">
            {note}
          </span>
        )}
      </span>
    </span>
  );
}
