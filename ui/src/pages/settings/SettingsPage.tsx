import { useMemo } from 'react';
import type { LogLevel, Settings } from '@/api/types.ts';
import { Badge } from '@/components/Badge.tsx';
import { Button } from '@/components/Button.tsx';
import { Card, KeyValues } from '@/components/Card.tsx';
import { CodeBlock, Copyable } from '@/components/Copy.tsx';
import { DataTable, type Column } from '@/components/DataTable.tsx';
import { Field, SearchInput } from '@/components/Field.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Segmented } from '@/components/Segmented.tsx';
import { Select } from '@/components/Select.tsx';
import { EmptyState, ErrorState, Skeleton } from '@/components/states.tsx';
import { toast, toastError } from '@/components/Toast.tsx';
import { formatBytes, formatCount, formatSeconds } from '@/format/numbers.ts';
import { formatAgo, formatExact } from '@/format/time.ts';
import { useUrlFilters } from '@/lib/url_state.ts';
import { scrapeConfig } from './scrape_config.ts';
import { useLiveSettings, useLogLevels, useSetLogLevels } from './settings_data.ts';
import styles from './SettingsPage.module.css';
import { dropReason, telemetryVerdict } from './telemetry_verdict.ts';

export default function SettingsPage() {
  const settings = useLiveSettings();
  return (
    <>
      <PageHeader
        title="Settings"
        description={
          settings.data === undefined ? (
            !settings.isError && <Skeleton width="16rem" />
          ) : (
            <>
              Archestra {settings.data.version}, up for{' '}
              <span title={formatExact(new Date(settings.data.startedAt))}>{upFor(settings.data.startedAt)}</span>
            </>
          )
        }
      />
      {settings.isError && settings.data === undefined ? (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      ) : (
        <div className={styles['page']}>
          <BaseUrls settings={settings.data} />
          <div className={styles['columns']}>
            <Telemetry settings={settings.data} />
            <div className={styles['stack']}>
              <Metrics settings={settings.data} />
              <LogLevels />
            </div>
          </div>
          <Configuration settings={settings.data} />
        </div>
      )}
    </>
  );
}

// To the minute: it is no clock.
function upFor(startedAt: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(startedAt)) / 1000);
  return seconds < 60 ? 'less than a minute' : formatSeconds(Math.floor(seconds / 60) * 60);
}

type Provider = Settings['providers'][number];
const providerColumns: Column<Provider>[] = [
  {
    id: 'name',
    header: 'Provider',
    width: '9rem',
    wideOnly: true,
    cell: ({ name }) => <strong className={styles['provider']}>{name}</strong>,
  },
  {
    id: 'baseUrl',
    header: 'Base URL for an SDK',
    cell: ({ name, baseUrl }) => (
      <>
        <strong className={`${styles['provider']} ${styles['phoneOnly']}`}>{name}</strong>
        <Copyable text={baseUrl} what={`base URL of ${name}`} />
      </>
    ),
  },
  {
    id: 'upstream',
    header: 'Calls go to',
    width: '36%',
    wideOnly: true,
    cell: ({ upstreamUrl }) => <span className={`mono muted ${styles['url']}`}>{upstreamUrl}</span>,
  },
];

function BaseUrls({ settings }: { settings: Settings | undefined }) {
  return (
    <Card title="Base URLs" hint="an agent's own URL has its id behind: Connect on its page shows it" flush>
      <div className={styles['api']}>
        <span className="muted">API</span>
        {settings === undefined ? <Skeleton width="14rem" /> : <Copyable text={settings.apiBaseUrl} what="API base URL" />}
        {settings?.apiBaseUrlSource === 'request' && (
          <span className={styles['note']}>
            as you reach it; <code>ARCHESTRA_API_BASE_URL</code> says what others see
          </span>
        )}
      </div>
      <div className={styles['providers']}>
        <DataTable
          caption="Providers with their base URLs"
          columns={providerColumns}
          rows={settings?.providers ?? []}
          rowKey={({ name }) => name}
          isLoading={settings === undefined}
          loadingRows={3}
        />
      </div>
    </Card>
  );
}

function Moment({ at }: { at: string | null }) {
  if (at === null) return <span className="muted">never</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={formatExact(date)}>
      {formatAgo(date)}
    </time>
  );
}

function Telemetry({ settings }: { settings: Settings | undefined }) {
  if (settings === undefined)
    return (
      <Card title="Telemetry">
        <Skeleton height="22rem" />
      </Card>
    );
  const { traces, queues, dropped } = settings.telemetry;
  const verdict = telemetryVerdict(settings.telemetry);
  const queue = ({ waiting, max }: { waiting: number; max: number }, format: (value: number) => string) =>
    `${format(waiting)} of ${format(max)}`;
  return (
    <Card
      title="Telemetry"
      actions={
        <Badge tone={verdict.tone} dot>
          {verdict.word}
        </Badge>
      }
    >
      <p className={styles['verdict']}>{verdict.text}</p>
      <KeyValues
        items={[
          {
            name: 'Collector',
            value: traces.exported ? <Copyable text={traces.endpoint} what="endpoint" /> : <span className="muted">none</span>,
          },
          { name: 'Spans sent', value: formatCount(traces.sent) },
          { name: 'Spans rejected', value: formatCount(traces.rejected) },
          { name: 'Last success', value: <Moment at={traces.lastSuccessAt} /> },
          {
            name: 'Last error',
            value:
              traces.lastError === null ? (
                <span className="muted">none</span>
              ) : (
                <>
                  {traces.lastError} <span className="muted">(<Moment at={traces.lastErrorAt} />)</span>
                </>
              ),
          },
          {
            name: 'Spans waiting',
            value: traces.unsent === 0 ? formatCount(0) : `${formatCount(traces.unsent)}, the oldest for ${formatCount(traces.oldestUnsentSeconds)} s`,
          },
          ...(queues.spoolBytes.max > 0
            ? [{ name: 'Disk for them', value: queue(queues.spoolBytes, formatBytes) }]
            : [{ name: 'Room for them', value: queue(queues.spans, formatCount) }]),
          { name: 'Records waiting', value: queue(queues.recordBytes, formatBytes) },
          { name: 'Log waiting', value: queue(queues.logBytes, formatBytes) },
          {
            name: 'Dropped',
            value: dropped.every(({ count }) => count === 0) ? (
              <span className="muted">nothing</span>
            ) : (
              <ul>
                {dropped
                  .filter(({ count }) => count > 0)
                  .map(({ signal, reason, count }) => (
                    <li key={`${signal} ${reason}`}>
                      {formatCount(count)} of {signal}: {dropReason(reason)}
                    </li>
                  ))}
              </ul>
            ),
          },
        ]}
      />
    </Card>
  );
}

function Metrics({ settings }: { settings: Settings | undefined }) {
  return (
    <Card title="Metrics">
      {settings === undefined ? (
        <Skeleton height="10.125rem" />
      ) : settings.metricsUrl === null ? (
        <p className="muted">There is no page of metrics.</p>
      ) : (
        <div className={styles['stack']}>
          <Copyable text={settings.metricsUrl} what="metrics URL" />
          <CodeBlock code={scrapeConfig(settings.metricsUrl, settings.metricsSecretSet)} what="scrape configuration" label="prometheus.yml" />
          {settings.metricsSecretSet && (
            <p className={styles['note']}>
              The file holds the value of <code>ARCHESTRA_METRICS_SECRET</code>.
            </p>
          )}
        </div>
      )}
    </Card>
  );
}

const levels = ['debug', 'info', 'warn', 'error', 'off'].map((value) => ({ value, label: value }));

function LogLevels() {
  const current = useLogLevels();
  const set = useSetLogLevels();
  const choose = (change: { log?: LogLevel; accessLog?: LogLevel }) =>
    set.mutate(change, {
      onSuccess: () => toast('Log level set', 'Until the process ends.'),
      onError: (error) => toastError('The log level was not set', error),
    });
  return (
    <Card title="Log levels" hint="until the process ends">
      {current.isError ? (
        <p className={styles['note']}>{current.error.message}</p>
      ) : (
        <div className={styles['two']}>
          <Field label="Calls" hint="on standard output">
            {(ids) => (
              <Select
                {...ids}
                value={current.data?.accessLog ?? ''}
                disabled={current.data === undefined}
                options={levels}
                onChange={(level) => choose({ accessLog: level as LogLevel })}
              />
            )}
          </Field>
          <Field label="The gateway itself" hint="on standard error">
            {(ids) => (
              <Select
                {...ids}
                value={current.data?.log ?? ''}
                disabled={current.data === undefined}
                options={levels}
                onChange={(level) => choose({ log: level as LogLevel })}
              />
            )}
          </Field>
        </div>
      )}
    </Card>
  );
}

type Setting = Settings['settings'][number];
const kDefaults = { q: '', from: 'all' };
const kSources: Record<Setting['source'], string> = {
  default: 'default',
  file: 'file',
  environment: 'environment',
  flag: 'flag',
};

const settingColumns: Column<Setting>[] = [
  {
    id: 'name',
    header: 'Setting',
    sortBy: ({ name }) => name,
    cell: (setting) => (
      <span className={styles['setting']}>
        <span className="mono" title={setting.flag}>
          {setting.name}
        </span>
        <span className={styles['note']}>{setting.description}</span>
        <span className={styles['phoneOnly']}>
          <Value setting={setting} />
        </span>
      </span>
    ),
  },
  {
    id: 'value',
    header: 'Value',
    width: '30%',
    wideOnly: true,
    cell: (setting) => <Value setting={setting} />,
  },
  {
    id: 'source',
    header: 'From',
    width: '8rem',
    sortBy: ({ source }) => source,
    cell: ({ source }) => <Badge tone={source === 'default' ? 'neutral' : 'accent'}>{kSources[source]}</Badge>,
  },
  {
    id: 'reloads',
    header: 'A change takes',
    width: '8rem',
    wideOnly: true,
    sortBy: ({ reloads }) => (reloads ? 0 : 1),
    cell: ({ reloads }) => <span className="muted">{reloads ? 'a reload' : 'a restart'}</span>,
  },
];

function Value({ setting: { value, isSecret } }: { setting: Setting }) {
  if (value === null) return <span className="muted">not set</span>;
  if (isSecret) return <span className="muted">set, not shown</span>;
  if (value === '') return <span className="muted">empty</span>;
  return <span className={`mono ${styles['url']}`}>{value}</span>;
}

function Configuration({ settings }: { settings: Settings | undefined }) {
  const { filters, change } = useUrlFilters(kDefaults);
  const rows = useMemo(() => {
    const text = filters.q.toLowerCase();
    return (settings?.settings ?? []).filter(
      (one) =>
        (filters.from === 'all' || one.source !== 'default') &&
        [one.name, one.flag, one.value ?? '', one.description].join('\n').toLowerCase().includes(text),
    );
  }, [settings, filters.q, filters.from]);
  return (
    <Card title="Configuration" hint="what the process runs with, and where that came from" flush>
      <div className={styles['filters']}>
        <SearchInput value={filters.q} onChange={(q) => change({ q }, { replace: true })} label="Search settings" />
        <Segmented
          label="Which settings"
          value={filters.from}
          onChange={(from) => change({ from }, { replace: true })}
          options={[
            { value: 'all', label: 'All' },
            { value: 'set', label: 'Set by you' },
          ]}
        />
      </div>
      <DataTable
        caption="Settings in effect"
        columns={settingColumns}
        rows={rows}
        rowKey={({ name, flag }) => `${name} ${flag}`}
        isLoading={settings === undefined}
        loadingRows={12}
        empty={
          <EmptyState title="No setting fits" action={<Button onClick={() => change({ q: '', from: 'all' })}>Show all</Button>}>
            {filters.from === 'set' ? 'Everything else has its default.' : 'Words are looked for in names, values and descriptions.'}
          </EmptyState>
        }
      />
    </Card>
  );
}
