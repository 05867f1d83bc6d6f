// Which theme is shown: the system's, or the one that was chosen here. theme_boot.js reads the same before the first
// paint; all colours follow from `data-theme` by style sheet alone.

import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';

const kStorageKey = 'archestra.theme';
const listeners = new Set<() => void>();

function choiceNow(): ThemeChoice {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export function setTheme(choice: ThemeChoice): void {
  if (choice === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = choice;
  try {
    if (choice === 'system') localStorage.removeItem(kStorageKey);
    else localStorage.setItem(kStorageKey, choice);
  } catch {
    // Without storage the choice holds for this page.
  }
  for (const notify of listeners) notify();
}

function subscribe(notify: () => void): () => void {
  const media = window.matchMedia('(prefers-color-scheme: dark)');
  listeners.add(notify);
  media.addEventListener('change', notify);
  return () => {
    listeners.delete(notify);
    media.removeEventListener('change', notify);
  };
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, choiceNow);
}

/** What is on the screen: for what paints itself and cannot use the style sheet's colours. */
export function useShownTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => {
    const choice = choiceNow();
    if (choice !== 'system') return choice;
    return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  });
}
