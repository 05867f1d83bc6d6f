import { Dialog } from '@base-ui/react/dialog';
import { LogOut, Menu as MenuIcon, Monitor, Moon, Sun, X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { IconButton } from '@/components/Button.tsx';
import { Menu, MenuChoice } from '@/components/Menu.tsx';
import { Skeleton } from '@/components/states.tsx';
import { toastError } from '@/components/Toast.tsx';
import { Logo } from './Logo.tsx';
import { navigation } from './navigation.ts';
import { useSignOut } from './session.tsx';
import styles from './Shell.module.css';
import { setTheme, useShownTheme, useThemeChoice, type ThemeChoice } from './theme.ts';

/** What is around every page: where one can go, the theme, signing out. */
export function Shell({ children }: { children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  useFocusOnNewPage(main);
  return (
    <div className={styles['shell']}>
      <a href="#content" className={styles['skip']} onClick={() => main.current?.focus()}>
        Skip to content
      </a>
      <aside className={styles['sidebar']}>
        <Brand />
        <Navigation />
        <div className={styles['foot']}>
          <Tools />
        </div>
      </aside>
      <header className={styles['topbar']}>
        <PhoneNavigation />
        <Brand />
        <Tools />
      </header>
      <main id="content" ref={main} tabIndex={-1} className={styles['main']}>
        {children}
      </main>
    </div>
  );
}

// A new page begins at its top, and with the keyboard's focus at its start; the first one keeps the browser's own.
function useFocusOnNewPage(main: React.RefObject<HTMLElement | null>) {
  const [path] = useLocation();
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path, main]);
}

function Brand() {
  return (
    <Link href="/" className={styles['brand']} aria-label="Archestra, overview">
      <Logo />
      <span>Archestra</span>
    </Link>
  );
}

function isWithin(path: string, href: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);
}

function Navigation({ onNavigate }: { onNavigate?: () => void }) {
  const [path] = useLocation();
  return (
    <nav aria-label="Main">
      <ul className={styles['nav']}>
        {navigation.map(({ href, label, icon: Icon, load }) => (
          <li key={href}>
            <Link
              href={href}
              className={styles['navLink']}
              aria-current={isWithin(path, href) ? 'page' : undefined}
              onPointerEnter={() => void load()}
              onFocus={() => void load()}
              onClick={onNavigate}
            >
              <Icon aria-hidden="true" />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function PhoneNavigation() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Dialog.Root open={isOpen} onOpenChange={setIsOpen}>
      <Dialog.Trigger className={styles['phoneButton']} aria-label="Open navigation">
        <MenuIcon aria-hidden="true" />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['drawerBackdrop']} />
        <Dialog.Popup className={styles['drawer']}>
          <div className={styles['drawerHead']}>
            <Dialog.Title className={styles['brand']}>
              <Logo />
              Archestra
            </Dialog.Title>
            <Dialog.Close className={styles['phoneButton']} aria-label="Close navigation">
              <X aria-hidden="true" />
            </Dialog.Close>
          </div>
          <Navigation onNavigate={() => setIsOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const themes: { value: ThemeChoice; label: string; icon: ReactNode }[] = [
  { value: 'system', label: 'As the system', icon: <Monitor aria-hidden="true" /> },
  { value: 'light', label: 'Light', icon: <Sun aria-hidden="true" /> },
  { value: 'dark', label: 'Dark', icon: <Moon aria-hidden="true" /> },
];

function Tools() {
  const choice = useThemeChoice();
  const shown = useShownTheme();
  const signOut = useSignOut();
  return (
    <div className={styles['tools']}>
      <Menu
        trigger={
          <IconButton label="Theme" icon={shown === 'dark' ? <Moon aria-hidden="true" /> : <Sun aria-hidden="true" />} />
        }
      >
        <MenuChoice label="Theme" value={choice} onChange={setTheme} options={themes} />
      </Menu>
      <IconButton
        label="Sign out"
        icon={<LogOut aria-hidden="true" />}
        onClick={() => signOut.mutate(undefined, { onError: (error) => toastError('Not signed out', error) })}
      />
    </div>
  );
}

/** Stands for a page whose code or session is on its way. */
export function PageSkeleton() {
  return (
    <div aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      <div className={styles['skeletonTitle']}>
        <Skeleton width="9rem" height="1.625rem" />
      </div>
      <div className={styles['skeletonCard']} />
    </div>
  );
}
