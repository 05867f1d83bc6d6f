import {
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
  type SortingState,
} from '@tanstack/react-table';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './DataTable.module.css';
import { Skeleton } from './states.tsx';

type SortValue = string | number | null | undefined;

export interface Column<Row extends object> {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  /** What rows are sorted by here; a column without it, or `sortable`, cannot be sorted. */
  sortBy?: (row: Row) => SortValue;
  /** The server sorts by this column: see `sort` and `onSort` of the table. */
  sortable?: boolean;
  /** Figures stand at the end, below each other, and begin with the largest. */
  numeric?: boolean;
  /** Any CSS width. */
  width?: string;
  /** Left out where there is room for a phone alone. */
  wideOnly?: boolean;
}

export interface Sort {
  id: string;
  desc: boolean;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

// Nothing comes last in either direction: TanStack keeps `undefined` there.
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true, sensitivity: 'base' });
}

/**
 * Rows with sortable columns. Without `onSort` it sorts what it has; with it the owner does, as for pages of the
 * server. While `isLoading` it shows rows of the final size; without rows it shows `empty`.
 */
export function DataTable<Row extends object>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  initialSort,
  isLoading = false,
  loadingRows = 8,
  empty,
  rowTone,
}: {
  /** Its name, for screen readers. */
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  initialSort?: Sort;
  isLoading?: boolean;
  loadingRows?: number;
  empty?: ReactNode;
  rowTone?: (row: Row) => 'bad' | 'new' | undefined;
}) {
  const [ownSorting, setOwnSorting] = useState<SortingState>(initialSort ? [initialSort] : []);
  const sorting = sort ? [sort] : ownSorting;
  const definitions = useMemo<ColumnDef<typeof features, Row>[]>(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: (row: Row) => column.sortBy?.(row) ?? undefined,
        enableSorting: column.sortable === true || column.sortBy !== undefined,
        sortDescFirst: column.numeric === true,
        sortUndefined: 'last' as const,
        sortFn: (a, b, id) => compare(a.getValue(id), b.getValue(id)),
      })),
    [columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowKey,
    state: { sorting },
    manualSorting: onSort !== undefined,
    enableSortingRemoval: false,
    enableMultiSort: false,
    onSortingChange: (update) => {
      const next = typeof update === 'function' ? update(sorting) : update;
      if (onSort === undefined) setOwnSorting(next);
      else if (next[0] !== undefined) onSort(next[0]);
    },
  });
  const cellClass = (column: Column<Row>) =>
    cx(column.numeric && styles['numeric'], column.wideOnly && styles['wideOnly']);
  const isEmpty = rows.length === 0 && !isLoading;

  return (
    <>
      {/* It may scroll sideways, so the keyboard has to be able to reach it. */}
      <div className={styles['scroll']} tabIndex={0} role="region" aria-label={caption}>
        <table className={styles['table']} aria-busy={isLoading || undefined}>
          <caption className="visually-hidden">{caption}</caption>
          <colgroup>
            {columns.map((column) => (
              <col key={column.id} className={cellClass(column)} style={{ width: column.width }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {columns.map((column) => {
                const tableColumn = table.getColumn(column.id);
                const sorted = tableColumn?.getIsSorted() ?? false;
                const canSort = tableColumn?.getCanSort() ?? false;
                return (
                  <th
                    key={column.id}
                    scope="col"
                    className={cellClass(column)}
                    aria-sort={sorted === false ? undefined : sorted === 'asc' ? 'ascending' : 'descending'}
                  >
                    {canSort ? (
                      <button
                        type="button"
                        className={styles['sort']}
                        data-sorted={sorted !== false || undefined}
                        onClick={() => tableColumn?.toggleSorting()}
                      >
                        {column.header}
                        {sorted === 'asc' ? <ArrowUp aria-hidden="true" /> : <ArrowDown aria-hidden="true" />}
                      </button>
                    ) : (
                      column.header
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {isLoading && rows.length === 0
              ? Array.from({ length: loadingRows }, (_, index) => (
                  <tr key={index}>
                    {columns.map((column) => (
                      <td key={column.id} className={cellClass(column)}>
                        <Skeleton width={column.numeric ? '3rem' : `${45 + ((index * 17 + column.id.length * 11) % 40)}%`} />
                      </td>
                    ))}
                  </tr>
                ))
              : table.getRowModel().rows.map((row) => (
                  <tr key={row.id} data-tone={rowTone?.(row.original)}>
                    {columns.map((column) => (
                      <td key={column.id} className={cellClass(column)}>
                        {column.cell(row.original)}
                      </td>
                    ))}
                  </tr>
                ))}
          </tbody>
        </table>
      </div>
      {isEmpty && empty}
    </>
  );
}

/** The class of the one link in a row that the whole row leads to. */
export const rowLinkClass = styles['rowLink'];
