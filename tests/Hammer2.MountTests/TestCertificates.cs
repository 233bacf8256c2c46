// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hammer2.MountTests;

/// <summary>An authority, and certificates of a server and a client on this machine, as files with the names that
/// nbdkit and the program look for.</summary>
internal static class TestCertificates
{
    /// <summary>Makes them in a new directory.</summary>
    public static void Write(string directory)
    {
        _ = Directory.CreateDirectory(directory);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Save(directory, "ca", authority, key);
        byte number = 0;
        foreach (string name in new[] { "server", "client" })
        {
            using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var wanted = new CertificateRequest("CN=" + name, own, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            wanted.CertificateExtensions.Add(names.Build());
            using X509Certificate2 made = wanted.Create(authority, now.AddDays(-1), now.AddHours(20), [1, ++number]);
            Save(directory, name, made, own);
        }
    }

    private static void Save(string directory, string name, X509Certificate2 certificate, ECDsa key)
    {
        File.WriteAllText(Path.Combine(directory, name + "-cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, name + "-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }
}
