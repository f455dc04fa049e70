def load_groups():
    pass
