// The pages, in the order of the side bar, and how each is loaded: a page's code comes with its first visit, or when
// somebody points at its link.

import { Bot, Gauge, ListTree, Settings2, ShieldCheck, Wrench } from 'lucide-react';
import type { ComponentType } from 'react';

type Component = ComponentType<any>;
type Load = () => Promise<{ default: Component }>;

export interface LazyPage {
  /** Null while its code is not there. */
  component: () => Component | null;
  load: () => Promise<Component>;
}

function page(fetchCode: Load): LazyPage {
  let loaded: Component | null = null;
  const load = async () => {
    loaded = (await fetchCode()).default;
    return loaded;
  };
  return { component: () => loaded, load };
}

export const pages = {
  overview: page(() => import('@/pages/overview/OverviewPage.tsx')),
  agents: page(() => import('@/pages/agents/AgentsPage.tsx')),
  agent: page(() => import('@/pages/agents/AgentPage.tsx')),
  tools: page(() => import('@/pages/tools/ToolsPage.tsx')),
  policies: page(() => import('@/pages/policies/PoliciesPage.tsx')),
  calls: page(() => import('@/pages/calls/CallsPage.tsx')),
  call: page(() => import('@/pages/calls/CallPage.tsx')),
  settings: page(() => import('@/pages/settings/SettingsPage.tsx')),
};

/** Path, page; the first that fits is shown. `:id` becomes a property of `params`. */
export const routes: { path: string; page: LazyPage }[] = [
  { path: '/', page: pages.overview },
  { path: '/agents', page: pages.agents },
  { path: '/agents/new', page: pages.agent },
  { path: '/agents/:id', page: pages.agent },
  { path: '/tools', page: pages.tools },
  { path: '/policies', page: pages.policies },
  { path: '/policies/*?', page: pages.policies },
  { path: '/calls', page: pages.calls },
  { path: '/calls/:id', page: pages.call },
  { path: '/settings', page: pages.settings },
];

/** Begins to load the page at `path`, so that its code comes while the session is still being asked for. */
export async function preloadPage(path: string): Promise<void> {
  const parts = path.split('/');
  const found = routes.find((route) => {
    const pattern = route.path.split('/');
    return pattern.length === parts.length && pattern.every((part, index) => part.startsWith(':') || part === parts[index]);
  });
  await found?.page.load();
}

export const navigation = [
  { href: '/', label: 'Overview', icon: Gauge, load: pages.overview.load },
  { href: '/calls', label: 'Calls', icon: ListTree, load: pages.calls.load },
  { href: '/agents', label: 'Agents', icon: Bot, load: pages.agents.load },
  { href: '/tools', label: 'Tools', icon: Wrench, load: pages.tools.load },
  { href: '/policies', label: 'Policies', icon: ShieldCheck, load: pages.policies.load },
  { href: '/settings', label: 'Settings', icon: Settings2, load: pages.settings.load },
];
