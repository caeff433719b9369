"""What an error report tells of an error, secrets and all."""

import os


def report(error):
    """Each error of the chain, and the variables of its frames.

    Those of the test itself are left out, since it knows the secret.
    """
    told = []
    while error is not None:
        told += [repr(error), str(error), repr(vars(error))]
        told += getattr(error, "__notes__", [])
        frame = error.__traceback__
        while frame is not None:
            file = os.path.basename(frame.tb_frame.f_code.co_filename)
            if not file.startswith("test_"):
                told += [f"{name} = {value!r}" for name, value in frame.tb_frame.f_locals.items()]
            frame = frame.tb_next
        error = error.__cause__ or error.__context__
    return "\n".join(told)
