import { useMutation } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';
import { useLocation, useSearch } from 'wouter';
import { api, ApiError } from '@/api/client.ts';
import { acceptSession, safeReturnPath, useSession } from '@/app/session.tsx';
import { Logo } from '@/app/Logo.tsx';
import { Button } from '@/components/Button.tsx';
import { Field, Input } from '@/components/Field.tsx';
import { Notice } from '@/components/states.tsx';
import { formatSeconds } from '@/format/numbers.ts';
import styles from './SignInPage.module.css';

function problemOf(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.type === 'invalid_token') return 'This is not the admin token.';
  if (error.type === 'too_many_attempts')
    return error.retryAfter === null
      ? 'Too many wrong tokens came from here. Wait a little, then try again.'
      : `Too many wrong tokens came from here. Try again in ${formatSeconds(error.retryAfter)}.`;
  return error.message;
}

export default function SignInPage() {
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const next = safeReturnPath(query.get('next'));
  const [token, setToken] = useState('');
  const session = useSession();
  const isSignedIn = session.data !== undefined;
  const signIn = useMutation({
    mutationFn: (given: string) => api.post('/api/session', { body: { token: given } }),
    onSuccess: (made) => {
      acceptSession(made);
      navigate(next, { replace: true });
    },
  });

  useEffect(() => {
    document.title = 'Sign in · Archestra';
  }, []);
  useEffect(() => {
    if (isSignedIn) navigate(next, { replace: true });
  }, [isSignedIn, navigate, next]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== '') signIn.mutate(token.trim());
  };

  return (
    <main className={styles['page']}>
      <div className={styles['box']}>
        <Logo size={40} />
        <h1>Sign in to Archestra</h1>
        {query.get('reason') === 'expired' && !signIn.isError && (
          <Notice>Your session is over. Sign in again and you are back where you were.</Notice>
        )}
        <form onSubmit={submit} className={styles['form']}>
          <Field
            label="Admin token"
            problem={signIn.error ? problemOf(signIn.error) : null}
            hint={
              <>
                It is the value of <code>ARCHESTRA_ADMIN_TOKEN</code>, or what the gateway showed at its first start.
              </>
            }
          >
            {(ids) => (
              <Input
                {...ids}
                type="password"
                name="token"
                autoComplete="current-password"
                autoFocus
                required
                spellCheck={false}
                value={token}
                onChange={(event) => setToken(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" kind="primary" isBusy={signIn.isPending}>
            Sign in
          </Button>
        </form>
        <p className={styles['help']}>
          Lost it? <code>archestra admin-token reset</code> makes a new one, also beside a running gateway.
        </p>
      </div>
    </main>
  );
}
