import { Menu as Base } from '@base-ui/react/menu';
import { Check } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import { Link } from 'wouter';
import { cx } from './cx.ts';
import popup from './popup.module.css';

/** A menu below `trigger`, which is a Button or an IconButton. */
export function Menu({ trigger, children }: { trigger: ReactElement<Record<string, unknown>>; children: ReactNode }) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={popup['positioner']} align="end" sideOffset={6}>
          <Base.Popup className={popup['popup']}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  icon,
  isDanger = false,
  ...rest
}: {
  icon?: ReactNode;
  isDanger?: boolean;
  onClick: () => void;
  disabled?: boolean;
  children: ReactNode;
}) {
  const { children, ...others } = rest;
  return (
    <Base.Item {...others} className={cx(popup['item'], isDanger && popup['danger'])}>
      {icon}
      {children}
    </Base.Item>
  );
}

export function MenuLink({ href, icon, children }: { href: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Base.LinkItem closeOnClick className={popup['item']} render={<Link href={href} />}>
      {icon}
      {children}
    </Base.LinkItem>
  );
}

/** Items of which exactly one is chosen. */
export function MenuChoice<V extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: V;
  onChange: (value: V) => void;
  options: { value: V; label: string; icon?: ReactNode }[];
}) {
  return (
    <Base.Group>
      <Base.GroupLabel className={popup['groupLabel']}>{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next: V) => onChange(next)}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} closeOnClick className={popup['item']}>
            {option.icon}
            {option.label}
            <span className={cx(popup['mark'], popup['end'])}>
              <Base.RadioItemIndicator>
                <Check aria-hidden="true" />
              </Base.RadioItemIndicator>
            </span>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

export function MenuSeparator() {
  return <Base.Separator className={popup['separator']} />;
}
