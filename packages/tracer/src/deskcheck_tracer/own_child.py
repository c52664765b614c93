"""Entry of the rlimited interpreter of isolation="process": the request is the last argument (JSON), the rest is
child.run.

There are no walls here, only rlimits. For programs one wrote oneself.
"""

import json
import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from deskcheck_tracer import child

    request = json.loads(sys.argv[-1])
    program, stdin, stdout, stderr, *extra = request["descriptors"]
    request |= child.read_program(program)
    for source, target in ((stdin, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
        os.close(source)
    os.close(program)
    sys.path.pop(0)
    child.prepare()
    child.write_source(request["source"])
    child.set_limits(request["rlimits"], request["timer_s"])
    for descriptor in (request["report"], *extra):
        os.set_inheritable(descriptor, False)
    child.run(request, report=request["report"], extra=extra)
