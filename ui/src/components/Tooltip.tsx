// Helps for what is pointed at or has the keyboard's focus: one layer for the page, and an attribute on the element. The
// name of the element has to say the same, since nothing but the eye sees this.

import { useEffect, useRef, useState } from 'react';
import styles from './Tooltip.module.css';

const kDelayMs = 350;
const kGap = 6;

interface Shown {
  text: string;
  target: Element;
}

/** The attribute that gives an element its help. */
export function tooltip(text: string): { 'data-tooltip': string } {
  return { 'data-tooltip': text };
}

export function TooltipLayer() {
  const [shown, setShown] = useState<Shown | null>(null);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer: number | undefined;
    const find = (event: Event) =>
      event.target instanceof Element ? event.target.closest('[data-tooltip]') : null;
    const show = (target: Element) => setShown({ target, text: target.getAttribute('data-tooltip') ?? '' });
    const hide = () => {
      window.clearTimeout(timer);
      setShown(null);
    };
    const onOver = (event: PointerEvent) => {
      if (event.target instanceof Node && box.current?.contains(event.target)) return;
      const target = find(event);
      window.clearTimeout(timer);
      if (target === null) setShown(null);
      else if (event.pointerType === 'mouse') timer = window.setTimeout(() => show(target), kDelayMs);
    };
    const onFocus = (event: FocusEvent) => {
      const target = find(event);
      if (target?.matches(':focus-visible')) show(target);
    };
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    document.addEventListener('pointerover', onOver);
    document.addEventListener('pointerdown', hide);
    document.addEventListener('focusin', onFocus);
    document.addEventListener('focusout', hide);
    document.addEventListener('keydown', onKey);
    window.addEventListener('scroll', hide, true);
    return () => {
      hide();
      document.removeEventListener('pointerover', onOver);
      document.removeEventListener('pointerdown', hide);
      document.removeEventListener('focusin', onFocus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('keydown', onKey);
      window.removeEventListener('scroll', hide, true);
    };
  }, []);

  useEffect(() => {
    const element = box.current;
    if (element === null || shown === null) return;
    // In the top layer it lies above dialogs, too.
    element.showPopover();
    const target = shown.target.getBoundingClientRect();
    const own = element.getBoundingClientRect();
    const fitsAbove = target.top - own.height - kGap > 0;
    const left = Math.min(Math.max(4, target.left + target.width / 2 - own.width / 2), window.innerWidth - own.width - 4);
    element.style.left = `${left}px`;
    element.style.top = `${fitsAbove ? target.top - own.height - kGap : target.bottom + kGap}px`;
    return () => element.hidePopover();
  }, [shown]);

  return (
    <div ref={box} popover="manual" aria-hidden="true" className={styles['popup']}>
      {shown?.text}
    </div>
  );
}
