# Runs a command in a pseudo-terminal: terminal.py <columns> <rows> <steps as JSON> -- <command> <arguments...>
# A step waits until its text has been printed, then types ("key"), resizes ("size") or does nothing.
# Prints JSON: the exit code, and all that was printed.
import fcntl, json, os, pty, select, struct, sys, termios, time

columns, rows, steps = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
command = sys.argv[5:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

def resize(columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

resize(columns, rows)
out, seen, end = b"", 0, time.time() + 60
while time.time() < end:
    if select.select([fd], [], [], 0.05)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    while steps and steps[0]["after"].encode() in out[seen:]:
        step = steps.pop(0)
        seen = len(out)
        if "key" in step:
            os.write(fd, step["key"].encode())
        if "size" in step:
            resize(*step["size"])
else:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "output": out.decode(errors="replace"), "left": len(steps)}))
