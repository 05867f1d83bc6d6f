import { ConfirmDialog } from '@/components/Dialog.tsx';
import { toast } from '@/components/Toast.tsx';
import type { Agent } from '@/api/types.ts';
import { useDeleteAgent } from './agents_data.ts';

export function DeleteAgent({
  agent,
  isOpen,
  onClose,
  onDeleted,
}: {
  agent: Agent;
  isOpen: boolean;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const remove = useDeleteAgent();
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={() => {
        remove.reset();
        onClose();
      }}
      onConfirm={() =>
        remove.mutate(agent.id, {
          onSuccess: () => {
            toast('Agent deleted', agent.name);
            onDeleted();
          },
        })
      }
      title="Delete this agent?"
      confirm="Delete agent"
      isBusy={remove.isPending}
      problem={remove.error?.message ?? null}
    >
      <bdi>{agent.name}</bdi> goes, with its tools and the policies that are for it alone. Applications that still use its
      base URL get the error <code>agent_not_found</code>. What it did stays in metrics and traces.
    </ConfirmDialog>
  );
}
