# One chromedriver with a folder of its own, for as long as standard input stays open: when the test
# process is gone, however it went, so are the driver, its browser and the folder.
set -u
trap : INT TERM HUP
command -v chromedriver >/dev/null || { echo "chromedriver is not installed (packages chromium, chromium-driver)"; exit 1; }
folder=$(mktemp -d /tmp/pass-chromium-XXXXXX) || { echo "cannot make a folder in /tmp"; exit 1; }
echo "folder $folder"
# A process group of its own, which the browser joins. It says on which port it listens.
HOME=$folder TMPDIR=$folder setsid chromedriver --port=0 </dev/null 2>/dev/null &
driver=$!
cat >/dev/null
kill -s KILL -- "-$driver" 2>/dev/null
wait "$driver"
# The last of its processes may still be writing.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$folder" 2>/dev/null && break
  sleep 0.1
done
