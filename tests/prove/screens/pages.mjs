// The pages that are looked at, by the name of their picture, and where they are on a stage.

/** {name: path}; calls are chosen so that they show something. */
export async function pagesOf({ gateway }) {
  const list = async (path) => (await gateway.api('GET', path)).json.data;
  const agent = (await list('/agents?limit=100')).find(({ name }) => name === 'Invoice Assistant');
  const call = async (query, fits = () => true) => {
    const found = (await list(`/recent-calls?limit=100&${query}`)).find(fits);
    if (!found) throw new Error(`there is no call with ${query} as there should be`);
    return `/calls/${found.id}`;
  };
  return {
    overview: '/?minutes=15',
    'overview-by-agent': '/?minutes=15&groupBy=agent',
    calls: '/calls',
    call: await call('stream=true&outcome=completed&minDuration=2.5'),
    'call-blocked': await call('blocked=true'),
    'call-tried-again': await call(`agentId=${agent.id}&stream=false`, ({ tries }) => tries > 1),
    agents: '/agents',
    agent: `/agents/${agent.id}`,
    'agent-new': '/agents/new',
    connect: `/agents/${agent.id}?connect=yes`,
    tools: '/tools',
    policies: '/policies',
    settings: '/settings',
  };
}
