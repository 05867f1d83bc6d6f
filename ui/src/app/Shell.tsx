import { LogOut, Menu, Monitor, Moon, Sun, X } from 'lucide-react';
import { useEffect, useRef, type ReactNode, type RefObject } from 'react';
import { Link, useLocation } from 'wouter';
import { IconButton } from '@/components/Button.tsx';
import { Segmented } from '@/components/Segmented.tsx';
import { Skeleton } from '@/components/states.tsx';
import { toastError } from '@/components/Toast.tsx';
import { Logo } from './Logo.tsx';
import { navigation } from './navigation.ts';
import { useSignOut } from './session.tsx';
import styles from './Shell.module.css';
import { setTheme, useThemeChoice, type ThemeChoice } from './theme.ts';

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
          <ThemeSwitch />
          <SignOut />
        </div>
      </aside>
      <header className={styles['topbar']}>
        <PhoneNavigation />
        <Brand />
        <SignOut />
      </header>
      <main id="content" ref={main} tabIndex={-1} className={styles['main']}>
        {children}
      </main>
    </div>
  );
}

// A new page begins at its top, and with the keyboard's focus at its start; the first one keeps the browser's own.
function useFocusOnNewPage(main: RefObject<HTMLElement | null>) {
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

// A dialog of the browser's own: it holds the focus, closes with Escape, and gives the focus back.
function PhoneNavigation() {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = () => dialog.current?.close();
  return (
    <>
      <IconButton
        label="Open navigation"
        icon={<Menu aria-hidden="true" />}
        onClick={() => dialog.current?.showModal()}
      />
      <dialog
        ref={dialog}
        className={styles['drawer']}
        aria-label="Navigation"
        onClick={(event) => event.target === event.currentTarget && close()}
      >
        <div className={styles['drawerBody']}>
          <div className={styles['drawerHead']}>
            <Brand />
            <IconButton label="Close navigation" icon={<X aria-hidden="true" />} onClick={close} />
          </div>
          <Navigation onNavigate={close} />
          <div className={styles['foot']}>
            <ThemeSwitch />
          </div>
        </div>
      </dialog>
    </>
  );
}

const themes: { value: ThemeChoice; label: string; icon: ReactNode }[] = [
  { value: 'system', label: "System's theme", icon: <Monitor aria-hidden="true" /> },
  { value: 'light', label: 'Light theme', icon: <Sun aria-hidden="true" /> },
  { value: 'dark', label: 'Dark theme', icon: <Moon aria-hidden="true" /> },
];

function ThemeSwitch() {
  return <Segmented label="Theme" small value={useThemeChoice()} onChange={setTheme} options={themes} />;
}

function SignOut() {
  const signOut = useSignOut();
  return (
    <IconButton
      label="Sign out"
      icon={<LogOut aria-hidden="true" />}
      className={styles['signOut']}
      onClick={() => signOut.mutate(undefined, { onError: (error) => toastError('Not signed out', error) })}
    />
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
