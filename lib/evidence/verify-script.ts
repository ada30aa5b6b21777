/**
 * VERIFY.sh: POSIX sh and one of sha256sum or openssl, nothing else; no find, grep or awk, so that it runs on the plainest laptop.
 *
 * It finds changed, missing and added files (`sha256sum -c` doesn't see the last), and prints the manifest's own digest, which is
 * what has to be compared with a source other than the package.
 */
export const VERIFY_SCRIPT = `#!/bin/sh
# Verifies this evidence package. Run it inside the unpacked folder:  sh VERIFY.sh
# Needs sh and one of sha256sum or openssl. Exit status: 0 all is as packed, 1 something differs, 2 it could not be checked.
set -u
LC_ALL=C
export LC_ALL
case "$0" in
  */*) cd "\${0%/*}" || exit 2 ;;
esac

if command -v sha256sum >/dev/null 2>&1; then
  sum() { sha256sum <"$1"; }
elif command -v openssl >/dev/null 2>&1; then
  sum() { openssl dgst -sha256 -r <"$1"; }
else
  echo "CANNOT CHECK: neither sha256sum nor openssl is on this machine"
  exit 2
fi
digest() {
  out=$(sum "$1") || out=unreadable
  echo "\${out%%[ *]*}"
}

if [ ! -f MANIFEST.sha256 ] || [ -h MANIFEST.sha256 ]; then
  echo "CANNOT CHECK: MANIFEST.sha256 is missing"
  exit 2
fi

newline='
'
listed=$newline
files=0
bad=0
while IFS= read -r line || [ -n "$line" ]; do
  expected=\${line%%  *}
  path=\${line#*  }
  case "$path" in
    '' | /* | *..* | *[!A-Za-z0-9._/-]*)
      echo "BAD LINE in MANIFEST.sha256: $line"
      bad=$((bad + 1))
      continue
      ;;
  esac
  files=$((files + 1))
  listed=$listed$path$newline
  if [ -h "$path" ] || [ ! -f "$path" ]; then
    echo "MISSING  $path"
    bad=$((bad + 1))
  elif [ "$(digest "$path")" != "$expected" ]; then
    echo "CHANGED  $path"
    bad=$((bad + 1))
  fi
done <MANIFEST.sha256

walk() {
  for entry in "$1"* "$1".[!.]* "$1"..?*; do
    if [ -h "$entry" ]; then
      echo "ADDED    $entry (a link)"
      bad=$((bad + 1))
    elif [ -d "$entry" ]; then
      walk "$entry/"
    elif [ -e "$entry" ] && [ "$entry" != MANIFEST.sha256 ]; then
      case "$listed" in
        *"$newline$entry$newline"*) ;;
        *)
          echo "ADDED    $entry"
          bad=$((bad + 1))
          ;;
      esac
    fi
  done
}
walk ""

if [ "$files" -eq 0 ]; then
  echo "CANNOT CHECK: MANIFEST.sha256 lists no file"
  exit 2
fi
echo "SHA-256 of MANIFEST.sha256: $(digest MANIFEST.sha256)"
if [ "$bad" -ne 0 ]; then
  echo "FAILED: $bad of $files files differ from what was packed, or were added"
  exit 1
fi
echo "OK: all $files files are as packed. This package is not signed: compare the digest above with the one that Ringfence shows for this scan."
`;
