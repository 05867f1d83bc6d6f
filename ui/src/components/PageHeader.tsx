import { ChevronLeft } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'wouter';
import styles from './PageHeader.module.css';

/** The page's one h1, and the title of the window. */
export function PageHeader({
  title,
  windowTitle,
  description,
  actions,
  back,
}: {
  title: ReactNode;
  /** For titles that are more than a text. */
  windowTitle?: string;
  description?: ReactNode;
  actions?: ReactNode;
  back?: { href: string; label: string };
}) {
  const name = windowTitle ?? (typeof title === 'string' ? title : '');
  useEffect(() => {
    document.title = name === '' ? 'Archestra' : `${name} · Archestra`;
  }, [name]);
  return (
    <header className={styles['header']}>
      <div className={styles['text']}>
        {back && (
          <Link href={back.href} className={styles['back']}>
            <ChevronLeft aria-hidden="true" />
            {back.label}
          </Link>
        )}
        <h1>{title}</h1>
        {description && <p className={styles['description']}>{description}</p>}
      </div>
      {actions && <div className={styles['actions']}>{actions}</div>}
    </header>
  );
}
