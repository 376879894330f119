"""Operations: system checks, the doctor, health."""
