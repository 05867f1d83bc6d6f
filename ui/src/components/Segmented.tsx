import { ToggleGroup } from '@base-ui/react/toggle-group';
import { Toggle } from '@base-ui/react/toggle';
import styles from './Segmented.module.css';

/** One of a few choices, all in sight. */
export function Segmented<V extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: V;
  onChange: (value: V) => void;
  options: { value: V; label: string; title?: string }[];
}) {
  return (
    <ToggleGroup
      aria-label={label}
      className={styles['group']}
      value={[value]}
      onValueChange={([next]) => next !== undefined && onChange(next as V)}
    >
      {options.map((option) => (
        <Toggle key={option.value} value={option.value} aria-label={option.title} className={styles['item']}>
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
