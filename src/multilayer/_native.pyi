compiler: str
flags: str

def supported_instruction_sets() -> list[str]: ...
