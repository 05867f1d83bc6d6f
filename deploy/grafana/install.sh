#!/usr/bin/env bash
# Puts Archestra's dashboards into a Grafana: through its HTTP API, or as files that it reads at its start.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
folder_uid=archestra
timeout_seconds=30

usage() {
  cat <<'TEXT'
deploy/grafana/install.sh --url URL [--folder TITLE]
deploy/grafana/install.sh --provision DIR [--folder TITLE]
  Puts the dashboards of deploy/grafana/dashboards/ into a folder of Grafana (10.4 or later), and replaces those that an
  earlier run has put there. Running it again changes nothing else.

  --url URL        the Grafana, such as https://grafana.example.com or http://localhost:3000; or GRAFANA_URL
  --provision DIR  writes files for Grafana's provisioning instead, below DIR (such as /etc/grafana/provisioning)
  --folder TITLE   the folder, by default Archestra
  -h, --help       this text

  For --url one of these, from the environment:
    GRAFANA_TOKEN                     token of a service account with the role Editor
    GRAFANA_USER, GRAFANA_PASSWORD    a user that may do the same
TEXT
}

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

say() { printf '%s\n' "$*"; }

# A text as the inside of a JSON string; there is no control character in a title.
json_text() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

# The value of a member of a flat answer: what Grafana says went wrong.
member() { sed -n 's/.*"'"$1"'" *: *"\(\([^"\\]\|\\.\)*\)".*/\1/p' | head -n 1; }

# Credentials go through a descriptor, so that no other user sees them among the arguments.
credentials() {
  local name=${GRAFANA_USER:-}:${GRAFANA_PASSWORD:-}
  if [[ -n ${GRAFANA_TOKEN:-} ]]; then
    printf 'header = "Authorization: Bearer %s"\n' "$(json_text "$GRAFANA_TOKEN")"
  else
    printf 'user = "%s"\n' "$(json_text "$name")"
  fi
}

# call METHOD PATH [BODY_FILE]: sets $status, and $answer to the body.
call() {
  local -a body=()
  [[ $# -lt 3 ]] || body=(-H 'Content-Type: application/json' --data-binary "@$3")
  status=$(curl --silent --show-error --max-time "$timeout_seconds" --config <(credentials) -X "$1" \
    -H 'Accept: application/json' "${body[@]}" -o "$work/answer" -w '%{http_code}' "$url$2" 2>"$work/error") ||
    fail "no answer from $url: $(<"$work/error")"
  answer=$(<"$work/answer")
}

# refused WHAT: ends with what Grafana said.
refused() {
  local said
  said=$(member message <<<"$answer")
  case $status in
    401) fail "Grafana does not know these credentials (401${said:+: $said})" ;;
    403) fail "these credentials may not $1: they need the role Editor (403${said:+: $said})" ;;
    *) fail "Grafana would not $1 ($status${said:+: $said})" ;;
  esac
}

find_grafana() {
  local version
  [[ $url =~ ^https?://[^/]+ ]] || fail "--url wants http:// or https:// and a host, not '$url'"
  command -v curl >/dev/null || fail "curl is not installed"
  [[ -n ${GRAFANA_TOKEN:-} || -n ${GRAFANA_USER:-} && -n ${GRAFANA_PASSWORD:-} ]] ||
    fail "set GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD"
  call GET /api/health
  version=$(member version <<<"$answer")
  [[ $status == 200 && -n $version ]] || fail "there is no Grafana at $url ($status from /api/health)"
  say "Grafana $version at $url"
}

make_folder() {
  call GET "/api/folders/$folder_uid"
  case $status in
    200) say "folder    $folder_uid is there" ;;
    404)
      printf '{"uid":"%s","title":"%s"}' "$folder_uid" "$(json_text "$folder")" >"$work/folder"
      call POST /api/folders "$work/folder"
      [[ $status == 200 ]] || refused "make the folder '$folder'"
      say "folder    $folder_uid was made"
      ;;
    *) refused "show the folder $folder_uid" ;;
  esac
}

put_dashboards() {
  local file
  for file in "$here"/dashboards/*.json; do
    {
      printf '{"folderUid":"%s","overwrite":true,"message":"deploy/grafana/install.sh","dashboard":' "$folder_uid"
      cat "$file"
      printf '}'
    } >"$work/dashboard"
    call POST /api/dashboards/db "$work/dashboard"
    [[ $status == 200 ]] || refused "take the dashboard $(basename "$file")"
    say "dashboard $url$(member url <<<"$answer")"
  done
}

# Grafana reads both kinds of files anew every half minute; the folder is made by it.
provision() {
  local to
  mkdir -p "$1/dashboards/archestra" || fail "cannot make $1/dashboards/archestra"
  to=$(readlink -f "$1/dashboards")
  install -m 644 "$here"/dashboards/*.json "$to/archestra/" || fail "cannot write to $to/archestra"
  cat >"$work/provider" <<YAML
apiVersion: 1
providers:
  - name: archestra
    type: file
    folder: "$(json_text "$folder")"
    folderUid: $folder_uid
    updateIntervalSeconds: 30
    allowUiUpdates: false
    options:
      path: "$(json_text "$to")/archestra"
YAML
  install -m 644 "$work/provider" "$to/archestra.yaml" || fail "cannot write $to/archestra.yaml"
  say "wrote $to/archestra.yaml and $to/archestra/; restart Grafana where it has no such provider yet"
}

url=${GRAFANA_URL:-} folder=Archestra into=''
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) usage && exit ;;
    --url | --provision | --folder)
      [[ -n ${2:-} ]] || fail "$1 needs a value"
      case $1 in
        --url) url=$2 ;;
        --provision) into=$2 ;;
        --folder) folder=$2 ;;
      esac
      shift 2
      ;;
    *) fail "'$1' is not known; see --help" ;;
  esac
done
[[ -n $url || -n $into ]] || fail "say where to: --url or --provision; see --help"
url=${url%/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -n $into ]]; then
  provision "$into"
else
  find_grafana
  make_folder
  put_dashboards
fi
