"""The shell and kernel by which a program can tell that it runs in Colab."""

import os
import sys

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type


class Shell(ZMQInteractiveShell):
    """Colab's own shell. Of what is special to it, `%pip` has no last word about restarting."""

    def init_magics(self):
        super().init_magics()
        self.register_magic_function(self.run_pip, magic_name="pip")

    def run_pip(self, line):
        """Installs packages; a test tells where to."""
        options = os.environ.get("COLAB_STAND_IN_PIP", "")
        self.system(f"{sys.executable} -m pip {line} {options}")


class Kernel(IPythonKernel):
    """A kernel with that shell."""

    shell_class = Type(Shell)
