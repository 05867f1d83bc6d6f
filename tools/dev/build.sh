# shellcheck shell=bash
# ./dev build, and the building that other commands need.

jobs=$(nproc 2>/dev/null || echo 2)

# build_preset PRESET TARGET...: configures where needed, builds, and says plainly when that fails.
build_preset() {
  local preset=$1 started=$SECONDS
  shift
  configure_preset "$preset" || return
  if ! long_step "build/$preset/build.log" cmake --build --preset "$preset" -j "$jobs" --target "$@"; then
    say "building $preset ($*) failed: the compiler's message is above"
    return 1
  fi
  [[ $((SECONDS - started)) -lt 3 ]] || say "built $preset in $((SECONDS - started)) s"
}

# ninja configures anew when a CMakeLists.txt changes; only the presets are ours to watch.
configure_preset() {
  local preset=$1
  [[ build/$preset/build.ninja -nt CMakePresets.json ]] && return
  local -a options=()
  if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  say "configuring $preset"
  if ! long_step "build/$preset/configure.log" cmake --preset "$preset" "${options[@]}"; then
    say "configuring $preset failed: the reason is above"
    return 1
  fi
}

# What demo and run start.
build_release() {
  need build
  need_ui
  build_preset release archestra archestra-traffic || exit 1
}

cmd_build() {
  [[ $# -eq 0 ]] || fail "build takes no options"
  build_release
  say "build/release/archestra is ready"
}

help_build() {
  cat <<'TEXT'
./dev build
  Builds the release: build/release/archestra, and the demo's build/release/archestra-traffic. Installs the compiler
  and the libraries first where they are missing. ccache is used when it is there.
TEXT
}
