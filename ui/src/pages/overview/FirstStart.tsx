import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Radio } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { api } from '@/api/client.ts';
import { useLive } from '@/api/live.ts';
import { Card } from '@/components/Card.tsx';
import { CodeBlock } from '@/components/Copy.tsx';
import { Tabs } from '@/components/Tabs.tsx';
import styles from './OverviewPage.module.css';

function snippets(base: string): { value: string; label: string; code: string }[] {
  return [
    {
      value: 'python',
      label: 'OpenAI, Python',
      code: `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}/v1/openai")`,
    },
    {
      value: 'js',
      label: 'OpenAI, JavaScript',
      code: `import OpenAI from 'openai';\n\nconst client = new OpenAI({ baseURL: '${base}/v1/openai' });`,
    },
    {
      value: 'anthropic',
      label: 'Anthropic',
      code: `import Anthropic from '@anthropic-ai/sdk';\n\nconst client = new Anthropic({ baseURL: '${base}/v1/anthropic' });`,
    },
    {
      value: 'gemini',
      label: 'Gemini',
      code: `import { GoogleGenAI } from '@google/genai';\n\nconst ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: '${base}/v1/gemini' } });`,
    },
    {
      value: 'curl',
      label: 'curl',
      code: `curl ${base}/v1/openai/chat/completions \\\n  -H "Authorization: Bearer $OPENAI_API_KEY" -H 'Content-Type: application/json' \\\n  -d '{"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hello"}]}'`,
    },
  ];
}

/** What stands in for charts as long as the gateway has not had a call. */
export default function FirstStart() {
  const [tab, setTab] = useState('python');
  const settings = useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => api.get('/api/settings', { signal }) });
  const queryClient = useQueryClient();
  const hasCalls = useLive().seconds.some((second) => second.calls > 0);
  useEffect(() => {
    if (!hasCalls) return;
    const look = () => {
      void queryClient.invalidateQueries({ queryKey: ['dimensions'] });
      void queryClient.invalidateQueries({ queryKey: ['overview'] });
    };
    look();
    // The statistics may be a moment behind the stream; once they have the call, this is no longer shown.
    const timer = window.setInterval(look, 2000);
    return () => window.clearInterval(timer);
  }, [hasCalls, queryClient]);
  const base = settings.data?.apiBaseUrl ?? window.location.origin;
  return (
    <Card className={styles['firstStart']}>
      <div className={styles['firstStartHead']}>
        <span className={styles['firstStartIcon']}>
          <Radio aria-hidden="true" />
        </span>
        <div>
          <h2>Waiting for the first call</h2>
          <p className="muted">
            Change the base URL of an SDK, and keep its API key. The first call appears here as soon as it ends.
          </p>
        </div>
      </div>
      <Tabs
        label="SDK"
        value={tab}
        onChange={setTab}
        tabs={snippets(base).map(({ value, label, code }) => ({
          value,
          label,
          content: <CodeBlock code={code} what="snippet" label={`${label} snippet`} />,
        }))}
      />
      <p className={styles['firstStartNote']}>
        To tell callers apart, <Link href="/agents/new">make an agent</Link> for each, with labels for team, project or
        cost center; its page has snippets with its own base URL.
      </p>
    </Card>
  );
}
