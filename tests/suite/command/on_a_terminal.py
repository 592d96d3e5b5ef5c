"""Runs a command on a terminal of its own, and copies what it writes there.

    on_a_terminal.py COMMAND [ARGUMENT...]

Once an address has been printed the command is asked to end, as a service manager asks. What its
end writes is copied too. Exits as the command does.
"""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

ROWS, COLUMNS = 24, 100


def main(command):
    child, terminal = pty.fork()
    if child == 0:
        # The terminal gets its size before the command can ask for it.
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execvp(command[0], command)
    said, asked = b"", False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            # Linux says so when the last process has closed the terminal.
            break
        if not piece:
            break
        sys.stdout.buffer.write(piece)
        said += piece
        if not asked and b"http://" in said and said.endswith(b"\n"):
            os.kill(child, signal.SIGTERM)
            asked = True
    sys.stdout.flush()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
