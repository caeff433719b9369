"""Starts a kernel as Colab has it: python colab_kernel.py -f CONNECTION_FILE."""

from google.colab._shell import Kernel
from ipykernel.kernelapp import IPKernelApp
from resolving import resolve_drive_to_the_stand_in

if __name__ == "__main__":
    resolve_drive_to_the_stand_in()
    IPKernelApp.launch_instance(kernel_class=Kernel)
