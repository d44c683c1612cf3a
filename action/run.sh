#!/usr/bin/env bash
# The step of action.yml: runs the command, and turns its events into outputs, annotations and a job summary.
set -uo pipefail

read -ra cli <<< "${BULK_OPERATIONS_CLI:-npx --yes @bulk-operations/cli@0.1.0}"

case "$INPUT_COMMAND" in
  wait)
    read -ra ids <<< "$INPUT_OPERATION_ID"
    args=(wait --timeout "$INPUT_TIMEOUT" --json -- "${ids[@]}")
    ;;
  sync)
    args=(items sync --timeout "$INPUT_TIMEOUT" --json)
    if [ -n "$INPUT_MAX_DELETIONS" ]; then args+=(--max-deletions "$INPUT_MAX_DELETIONS"); fi
    args+=(-- "$INPUT_LIST" "$INPUT_FILE")
    ;;
  *)
    args=("$INPUT_COMMAND" --json)
    ;;
esac

events=$(mktemp)
trap 'rm -f "$events"' EXIT
"${cli[@]}" "${args[@]}" | tee "$events"
code=${PIPESTATUS[0]}

case "$code" in
  0) status=completed ;;
  1) status=failed ;;
  2) status=wrong-usage ;;
  3) status=timed-out ;;
  4) status=unauthorized ;;
  6) status=refused ;;
  *) status=error ;;
esac

completed=$(jq -rs '[.[] | select(.type == "operation") | .completed // empty] | max // ""' "$events")
error=$(jq -rs '[.[] | (select(.type == "operation" and .status == "failed") | .error), (select(.type == "error") | .message)]
  | .[0] // "" | gsub("\\s+"; " ")' "$events")

{
  echo "status=$status"
  echo "completed=$completed"
  echo "error=$error"
} >> "$GITHUB_OUTPUT"

{
  echo "### bulk-operations $INPUT_COMMAND: $status"
  echo
  jq -rs 'def cell: tostring | gsub("\\|"; "\\|") | gsub("\\s+"; " ");
    ([.[] | select(.type == "operation") | [.id, .status, .completed // "", .error // ""]]
      + [.[] | select(.type == "error") | [.operationId // "", .error, "", .message]]) as $rows
    | if $rows == [] then empty else
        "| operation | status | completed | error |", "| --- | --- | --- | --- |",
        ($rows[] | "| " + (map(cell) | join(" | ")) + " |"), ""
      end,
      (.[] | select(.type == "sync")
        | "\(.added) added, \(.changed) changed, \(.deleted) deleted, \(.unchanged) unchanged")' "$events"
} >> "$GITHUB_STEP_SUMMARY"

if [ "$code" -ne 0 ]; then
  # The runner treats % as the start of an escape.
  echo "::error title=bulk-operations $INPUT_COMMAND::${error//%/%25}"
fi
exit "$code"
