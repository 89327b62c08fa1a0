"""The store's schema, as steps. A step that has been released is never changed; new ones follow it.

`PRAGMA user_version` of a database is the number of steps it has had.
"""

_FIRST = (
    """
    CREATE TABLE studies (
        name TEXT PRIMARY KEY,
        created_utc TEXT NOT NULL,
        task TEXT NOT NULL,
        options TEXT NOT NULL,
        status TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE decisions (
        study TEXT NOT NULL REFERENCES studies(name),
        board TEXT NOT NULL,
        created_utc TEXT NOT NULL,
        decision TEXT NOT NULL,
        PRIMARY KEY (study, board)
    ) STRICT
    """,
    """
    CREATE TABLE measurements (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        created_utc TEXT NOT NULL,
        study TEXT REFERENCES studies(name),
        run_id TEXT NOT NULL,
        board TEXT NOT NULL,
        kind TEXT NOT NULL,
        virtual INTEGER NOT NULL,
        probe TEXT,
        serial_settings TEXT,
        model_sha256 TEXT NOT NULL,
        model_name TEXT NOT NULL,
        candidate TEXT,
        cut TEXT,
        head TEXT,
        image_sha256 TEXT,
        build_id TEXT,
        compiler TEXT,
        flags TEXT,
        clock_hz INTEGER,
        wait_states INTEGER,
        mode TEXT NOT NULL,
        cycles INTEGER,
        latency_us REAL,
        iterations INTEGER,
        windows_us TEXT NOT NULL,
        flash_bytes INTEGER,
        ram_bytes INTEGER,
        stack_bytes INTEGER,
        stack_used_bytes INTEGER,
        macs INTEGER,
        accuracy REAL,
        accuracy_low REAL,
        accuracy_high REAL,
        correct INTEGER,
        samples INTEGER,
        split TEXT,
        outputs_sha256 TEXT,
        fits INTEGER,
        unfit_memory TEXT,
        needed_bytes INTEGER,
        available_bytes INTEGER,
        harness_version TEXT NOT NULL,
        seed INTEGER,
        status TEXT NOT NULL,
        failure TEXT
    ) STRICT
    """,
    "CREATE INDEX measurements_by_study ON measurements (study, board)",
    "CREATE INDEX measurements_by_model ON measurements (model_name, board)",
    """
    CREATE TRIGGER measurements_stay BEFORE UPDATE ON measurements
    BEGIN SELECT RAISE(ABORT, 'measurements are never changed'); END
    """,
    """
    CREATE TRIGGER measurements_remain BEFORE DELETE ON measurements
    BEGIN SELECT RAISE(ABORT, 'measurements are never removed'); END
    """,
    """
    CREATE TABLE stages (
        key TEXT PRIMARY KEY,
        created_utc TEXT NOT NULL,
        outputs TEXT NOT NULL,
        facts TEXT NOT NULL
    ) STRICT
    """,
)

_LAYERS = ("ALTER TABLE measurements ADD COLUMN layers_sha256 TEXT",)

_MODES = tuple(
    f"ALTER TABLE measurements ADD COLUMN {column}"
    for column in (
        "load TEXT",
        "retries INTEGER",
        "rules TEXT",
        "spread REAL",
        "auc REAL",
        "auc_low REAL",
        "auc_high REAL",
        "padding_bytes INTEGER",
    )
)

_ENERGY = tuple(
    f"ALTER TABLE measurements ADD COLUMN {column}"
    for column in (
        "model_id TEXT",
        "warmup INTEGER",
        "timed_inputs TEXT",
        "energy_uj REAL",
        "power_uw REAL",
        "windows_uj TEXT NOT NULL DEFAULT '[]'",
        "meter TEXT",
        "supply_mv INTEGER",
        "recovery TEXT",
    )
)

_TRAINED = ("ALTER TABLE measurements ADD COLUMN trained INTEGER",)

_NIGHTS = (
    """
    CREATE TABLE nights (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        started_utc TEXT NOT NULL,
        ended_utc TEXT,
        plan TEXT NOT NULL,
        revision TEXT,
        exit_code INTEGER,
        summary TEXT
    ) STRICT
    """,
    """
    CREATE TABLE night_results (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        night INTEGER NOT NULL REFERENCES nights(id),
        job TEXT NOT NULL,
        board TEXT NOT NULL,
        mode TEXT NOT NULL,
        state TEXT NOT NULL,
        measurement INTEGER REFERENCES measurements(id),
        sentence TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        duration_s REAL NOT NULL
    ) STRICT
    """,
    "CREATE INDEX night_results_by_job ON night_results (job, board, mode)",
)

_FLOAT = ("ALTER TABLE measurements ADD COLUMN float_accuracy REAL",)

_WHOLE = ("ALTER TABLE measurements ADD COLUMN whole INTEGER",)

MIGRATIONS: list[tuple[str, ...]] = [_FIRST, _LAYERS, _MODES, _ENERGY, _TRAINED, _NIGHTS, _FLOAT, _WHOLE]
