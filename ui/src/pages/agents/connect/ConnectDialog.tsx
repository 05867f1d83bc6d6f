import { useState } from 'react';
import type { Agent } from '@/api/types.ts';
import { CodeBlock, Copyable } from '@/components/Copy.tsx';
import { Dialog } from '@/components/Dialog.tsx';
import { Select } from '@/components/Select.tsx';
import { ErrorState, Skeleton } from '@/components/states.tsx';
import { useSettings } from '@/pages/settings/settings_data.ts';
import styles from './ConnectDialog.module.css';
import { agentBaseUrl, clients, type Client } from './snippets.ts';

/** How an application is pointed at the gateway as `agent`; closed where there is none. */
export function ConnectDialog({
  agent,
  client,
  onClient,
  onClose,
}: {
  agent: Agent | undefined;
  /** Which client is shown, by its id. */
  client: string;
  onClient: (id: string) => void;
  onClose: () => void;
}) {
  return (
    <Dialog
      isOpen={agent !== undefined}
      onClose={onClose}
      title={agent === undefined ? '' : <span className={styles['title']}>Connect <bdi>{agent.name}</bdi></span>}
      description="The application keeps its SDK and its provider's key; only the base URL changes."
      wide
    >
      {agent && <Connect agent={agent} chosen={clients.find(({ id }) => id === client) ?? clients[0]!} onClient={onClient} />}
    </Dialog>
  );
}

const options = clients.map(({ id, group, name }) => ({ value: id, label: `${group}: ${name}`, group }));

function Connect({ agent, chosen, onClient }: { agent: Agent; chosen: Client; onClient: (id: string) => void }) {
  const settings = useSettings();
  const [provider, setProvider] = useState('');
  if (settings.isError) return <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />;

  // Some clients speak to several providers: those that speak OpenAI's dialect.
  const providers = settings.data?.providers.filter(({ dialect }) => dialect === chosen.dialect) ?? [];
  const used = providers.find(({ name }) => name === provider) ?? providers[0];
  const base = used && agentBaseUrl(used.baseUrl, agent);
  return (
    <div className={styles['connect']}>
      <div className={styles['choice']}>
        <Select label="Client" prefix="Client" prefixWidth="2.5rem" value={chosen.id} onChange={onClient} options={options} />
        {providers.length > 1 && (
          <Select
            label="Provider"
            prefix="Provider"
            prefixWidth="3.375rem"
            value={used?.name ?? ''}
            onChange={setProvider}
            options={providers.map(({ name }) => ({ value: name, label: name }))}
          />
        )}
      </div>
      <div className={styles['base']}>
        <span className="muted">Base URL</span>
        {base === undefined ? <Skeleton width="60%" /> : <Copyable text={base} what="base URL" />}
      </div>
      {base === undefined ? (
        <div className={styles['waiting']} />
      ) : (
        chosen.steps(base).map((step) => (
          <section key={step.title} className={styles['step']}>
            <h3>{step.title}</h3>
            <CodeBlock code={step.code} what={`code for ${step.title}`} label={`${chosen.group} ${chosen.name}: ${step.title}`} />
          </section>
        ))
      )}
      {chosen.note && <p className={styles['note']}>{chosen.note}</p>}
    </div>
  );
}
