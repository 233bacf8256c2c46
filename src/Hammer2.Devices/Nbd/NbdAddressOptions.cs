// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Devices.Nbd;

/// <summary>The options in the address of a remote device.</summary>
public sealed record NbdAddressOptions
{
    // Less than the time after which the kernel gives up a connection by itself: who ended it would not be known.
    private const int TimeoutSecondsMax = 300;

    /// <summary>How long a request may take, and how long connecting; 1 to 300 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Write although the server cannot make anything durable.</summary>
    public bool TrustsWithoutFlush { get; init; }

    /// <summary>The server executes nothing of a connection after another one was accepted.</summary>
    public bool TrustsNoLateWrites { get; init; }

    /// <summary>A directory with ca-cert.pem, and optionally client-cert.pem and client-key.pem; null for the
    /// certificates of the system.</summary>
    public string? CertificateDirectory { get; init; }

    /// <summary>The name that the certificate of the server must have; null for its host.</summary>
    public string? TlsHostName { get; init; }

    /// <summary>Sets one option.</summary>
    /// <returns>Null when there is no such option, or the value is not one of it.</returns>
    internal NbdAddressOptions? With(string name, string value) => name switch
    {
        "timeout" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            && seconds is >= 1 and <= TimeoutSecondsMax => this with { Timeout = TimeSpan.FromSeconds(seconds) },
        "noflush" when value == "trust" => this with { TrustsWithoutFlush = true },
        "latewrites" when value == "trust" => this with { TrustsNoLateWrites = true },
        "tls-certificates" => this with { CertificateDirectory = value },
        "tls-hostname" => this with { TlsHostName = value },
        _ => null,
    };
}
