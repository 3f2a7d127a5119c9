print("iii-dev")
