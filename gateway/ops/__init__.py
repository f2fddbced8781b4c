"""Operations: metrics, logs, sd_notify."""
