const kLimit = 1000; // the most that the server gives at once

interface Page<Item> {
  data: Item[];
  pagination: { total: number };
}

/** All items of a list that the server gives in pages. */
export async function allPages<Item>(
  fetchPage: (page: { limit: number; offset: number }) => Promise<Page<Item>>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (;;) {
    const { data, pagination } = await fetchPage({ limit: kLimit, offset: items.length });
    items.push(...data);
    if (data.length === 0 || items.length >= pagination.total) return items;
  }
}
