import { Autocomplete } from '@base-ui/react/autocomplete';
import { useState } from 'react';
import { cx } from './cx.ts';
import field from './Field.module.css';
import popup from './popup.module.css';

const kShown = 50;

/** A field for any text, with what is known already offered below it. */
export function Suggest({
  value,
  onChange,
  onBlur,
  suggestions,
  label,
  placeholder,
  id,
  className,
  ...aria
}: {
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  suggestions: string[];
  /** Its name for screen readers, where no visible label names it. */
  label?: string;
  placeholder?: string;
  id?: string;
  className?: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: boolean | undefined;
}) {
  const [isOpen, setIsOpen] = useState(false);
  // Of a text that is one of them the others are offered instead of it.
  const typed = suggestions.includes(value) ? '' : value.toLowerCase();
  const shown = suggestions.filter((item) => item !== value && item.toLowerCase().includes(typed)).slice(0, kShown);
  return (
    <Autocomplete.Root
      items={shown}
      filter={null}
      value={value}
      onValueChange={(next) => onChange(next)}
      open={isOpen && shown.length > 0}
      onOpenChange={setIsOpen}
      openOnInputClick
    >
      <Autocomplete.Input
        {...aria}
        id={id}
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        onBlur={onBlur}
        className={cx(field['control'], field['input'], className)}
      />
      <Autocomplete.Portal>
        <Autocomplete.Positioner className={popup['positioner']} sideOffset={4} align="start">
          <Autocomplete.Popup className={popup['popup']}>
            <Autocomplete.List>
              {(item: string) => (
                <Autocomplete.Item key={item} value={item} className={popup['item']}>
                  <span className="truncate">{item === '' ? '(empty)' : item}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  );
}
