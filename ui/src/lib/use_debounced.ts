import { useEffect, useState } from 'react';

/** `value` as it was when it had not changed for `milliseconds`. */
export function useDebounced<V>(value: V, milliseconds = 300): V {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), milliseconds);
    return () => window.clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
