import { Autocomplete } from '@base-ui/react/autocomplete';
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
  return (
    <Autocomplete.Root items={suggestions} value={value} onValueChange={(next) => onChange(next)} limit={kShown} openOnInputClick>
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
          <Autocomplete.Popup className={popup['popup']} data-empty={suggestions.length === 0 || undefined}>
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
