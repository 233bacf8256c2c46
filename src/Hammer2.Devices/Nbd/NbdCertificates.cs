// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Hammer2.Devices.Nbd;

/// <summary>How a server proves who it is, and this client to it.</summary>
/// <remarks>A directory of certificates has the names that qemu, nbdkit and libnbd use.</remarks>
internal static class NbdCertificates
{
    private const string AuthorityFile = "ca-cert.pem";
    private const string ClientFile = "client-cert.pem";
    private const string ClientKeyFile = "client-key.pem";

    /// <summary>The parameters of the TLS connection to a server. Its certificate is always checked.</summary>
    /// <exception cref="NbdProtocolException">A file of the directory cannot be read.</exception>
    public static SslClientAuthenticationOptions OptionsFor(NbdAddress address)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = address.Options.TlsHostName ?? (address.Host.Length > 0 ? address.Host : "localhost"),
        };
        if (address.Options.CertificateDirectory is not { } directory) return options;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(Path.Combine(directory, AuthorityFile));
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
            string client = Path.Combine(directory, ClientFile);
            if (File.Exists(client))
            {
                options.ClientCertificates =
                [
                    X509Certificate2.CreateFromPemFile(client, Path.Combine(directory, ClientKeyFile)),
                ];
            }
            return options;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException
            or System.Security.Cryptography.CryptographicException)
        {
            throw new NbdProtocolException(
                $"the certificates in {directory} cannot be used: {failure.Message}", failure);
        }
    }
}
