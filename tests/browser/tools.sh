# Sourced: sets CHROMIUM and MODULES for tests in a browser, or says what is missing and returns 1. The modules
# lie in the folder that is given, which the caller removes.
#
#   . tests/browser/tools.sh; browser_tools FOLDER

browser_tools() {
  local missing
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    missing="there is no Node.js with npm"
  else
    CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
    if [ -z "$CHROMIUM" ] && command -v apt-get >/dev/null; then
      timeout 120 apt-get install -y chromium >/dev/null 2>&1 || true
      CHROMIUM=$(command -v chromium || true)
    fi
    if [ -z "$CHROMIUM" ]; then
      missing="there is no Chromium"
    elif ! (cd "$1" && npm init -y && timeout 60 npm install playwright-core@1.64 axe-core@4) >/dev/null 2>&1; then
      missing="npm gives no playwright-core and axe-core"
    else
      MODULES=$1
      export CHROMIUM MODULES
      return
    fi
  fi
  printf '\n  !!! SKIPPED: %s: no page is opened in a browser\n\n' "$missing" >&2
  return 1
}
